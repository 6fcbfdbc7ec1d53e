"""`spark.stop()` without a stop of Ray: Ray goes too, and the user's interpreter lives on."""

from __future__ import annotations

import time
from collections.abc import Callable

from .leftovers import Leftovers
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE

RAY_ENDS_A_DRIVER_AFTER_S = 90.0
"""Ray ends a driver whose GCS stays away for 60 s: this is what must not happen."""


def test_the_interpreter_outlives_spark_and_ray(
    run_program: Callable[..., Program], leaves_nothing_behind: Leftovers
) -> None:
    source = """
import ray
spark = session()
cluster = RayCluster.start(spark, num_nodes=1, object_store_memory="100m")
spark.stop()
say(cluster.state, ray.is_initialized())
sys.stdin.readline()
again = session()
say(again.range(10).count())
with RayCluster.start(again, num_nodes=1, object_store_memory="100m"):
    say(ray.get(ray.put(42)))
again.stop()
"""
    program = run_program(PREAMBLE + source, env=LOCAL_CLUSTER_ENV)
    assert program.line() == "stopped False"
    stopped_at = time.monotonic()
    leaves_nothing_behind.assert_none()
    # The wait is the test: Ray's own limit has to pass.
    while time.monotonic() - stopped_at < RAY_ENDS_A_DRIVER_AFTER_S:
        assert program.process.poll() is None
        time.sleep(1)
    program.say("go on")
    assert program.line() == "10"
    assert program.line() == "42"
    assert program.wait() == 0
