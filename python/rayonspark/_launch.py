"""The long calls of a start, which Ctrl-C can interrupt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from rayonspark import _jvm
from rayonspark._background import in_background
from rayonspark._jvm import JvmCluster
from rayonspark._progress import Progress

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# The wait is cut into slices so that progress can be shown between them. An event in the JVM ends
# a slice at once.
_SLICE_MS = 500


def launch(spark: SparkSession, fields: Mapping[str, str]) -> JvmCluster:
    """Make the JVM begin to start a cluster, and return its handle.

    If Ctrl-C interrupts the wait, the cluster is stopped as soon as its handle exists.
    """
    launched = in_background("rayonspark-start", lambda: _jvm.start(spark, fields, sys.executable))
    try:
        return launched.result()
    except KeyboardInterrupt:
        launched.add_done_callback(_stop_unwanted)
        raise


def _stop_unwanted(launched: Future[JvmCluster]) -> None:
    if launched.exception() is None:
        launched.result().stop()


def wait(step: Callable[[int], bool], progress: Progress) -> None:
    """Call `step` until it returns True, and show the progress between the calls.

    Parameters
    ----------
    step : callable
        Waits for at most the given number of milliseconds. Returns whether the wait is over.
    progress : Progress
    """

    def steps() -> None:
        while not step(_SLICE_MS):
            progress.show()

    in_background("rayonspark-wait", steps).result()
