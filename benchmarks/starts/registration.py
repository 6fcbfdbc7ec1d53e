"""Waits for the executors of an application to register."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REGISTRATION_TIMEOUT_S = 120.0
POLL_S = 0.05
"""Polling period for registered executors: Python gets no Spark event for them."""


def await_executors(spark: SparkSession, executors: int) -> None:
    """Return when this number of executors has registered."""
    deadline = time.monotonic() + REGISTRATION_TIMEOUT_S
    while (registered := _registered(spark)) < executors:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{registered} of {executors} executors after {REGISTRATION_TIMEOUT_S:.0f} s."
            )
        time.sleep(POLL_S)


def _registered(spark: SparkSession) -> int:
    """Return the number of registered executors; the status tracker also lists the driver."""
    return len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1
