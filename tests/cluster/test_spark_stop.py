"""`spark.stop()` without a stop of Ray: Ray ends too, and the user's interpreter keeps running."""

from __future__ import annotations

import time

from .left_alone import LeftAlone

RAY_ENDS_A_DRIVER_AFTER_S = 90.0
"""Ray ends a driver that cannot reach GCS for 60 s; the test checks that this does not happen."""


def test_the_interpreter_outlives_spark_and_ray(left_alone: LeftAlone) -> None:
    program = left_alone.program
    # The wait is the test: Ray's own limit must pass. Most of it passed during the other tests.
    while time.monotonic() - left_alone.since < RAY_ENDS_A_DRIVER_AFTER_S:
        assert program.process.poll() is None
        time.sleep(1)
    program.say("go on")
    assert program.line() == "10"
    assert program.line() == "42"
    assert program.wait() == 0
