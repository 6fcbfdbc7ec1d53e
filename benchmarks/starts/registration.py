"""The executors of an application, counted while they register."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REGISTRATION_TIMEOUT_S = 120.0
POLL_S = 0.05
"""Period of the question how many executors have registered: Python sees no Spark event for it."""


def await_executors(spark: SparkSession, executors: int) -> None:
    """Return when so many have registered."""
    deadline = time.monotonic() + REGISTRATION_TIMEOUT_S
    while (registered := _registered(spark)) < executors:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{registered} of {executors} executors after {REGISTRATION_TIMEOUT_S:.0f} s."
            )
        time.sleep(POLL_S)


def _registered(spark: SparkSession) -> int:
    """How many executors have registered; the status tracker lists the driver too."""
    return len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1
