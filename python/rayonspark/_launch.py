"""The long calls of a start, which Ctrl-C can end."""

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

# The JVM is asked in slices so that progress can be shown between them; news ends a slice at once.
_SLICE_MS = 500


def launch(spark: SparkSession, fields: Mapping[str, str]) -> JvmCluster:
    """Have the JVM begin a start; when Ctrl-C comes first, what it has begun is stopped."""
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
    """Take steps, each of at most so many milliseconds, until one says that it is done."""

    def steps() -> None:
        while not step(_SLICE_MS):
            progress.show()

    in_background("rayonspark-wait", steps).result()
