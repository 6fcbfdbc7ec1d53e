"""`spark.stop()` without a stop of Ray: Ray goes too, and the user's interpreter lives on."""

from __future__ import annotations

import time

from .left_alone import LeftAlone

RAY_ENDS_A_DRIVER_AFTER_S = 90.0
"""Ray ends a driver whose GCS stays away for 60 s: this is what must not happen."""


def test_the_interpreter_outlives_spark_and_ray(left_alone: LeftAlone) -> None:
    program = left_alone.program
    # The wait is the test: Ray's own limit has to pass. Most of it has, with the other tests.
    while time.monotonic() - left_alone.since < RAY_ENDS_A_DRIVER_AFTER_S:
        assert program.process.poll() is None
        time.sleep(1)
    program.say("go on")
    assert program.line() == "10"
    assert program.line() == "42"
    assert program.wait() == 0
