"""A session that was created without RayOnSpark, as in a notebook."""

from __future__ import annotations

from collections.abc import Callable

from .leftovers import Leftovers
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV

PROGRAM = """
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors

def say(*words):
    print("TEST", *words, flush=True)

def session(master, **conf):
    builder = SparkSession.builder.master(master).config("spark.ui.enabled", "false")
    for key, value in conf.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()

spark = session("local-cluster[1,1,1024]", **{"spark.executor.memory": "512m"})
say(spark.range(10).count())
loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
say(any(str(url).endswith(".jar") for url in loader.getURLs()))
with RayCluster.start(spark, object_store_memory="100m", dashboard=False) as cluster:
    import ray
    say([node.executor_id for node in cluster.nodes], ray.get(ray.put(42)))
say(spark.range(10).count())
spark.stop()

spark = session("local[1]", **{"spark.rayonspark.numNode": "1"})
try:
    RayCluster.start(spark)
except errors.InvalidSpecException as error:
    say(error)
say(spark.range(10).count())
spark.stop()
"""


def test_ray_starts_on_an_existing_session_and_reads_its_settings(
    run_program: Callable[..., Program], leaves_nothing_behind: Leftovers
) -> None:
    program = run_program(PROGRAM, env=LOCAL_CLUSTER_ENV)
    assert program.line() == "10"
    assert program.line() == "False"
    assert program.line() == "['driver', '0'] 42"
    assert program.line() == "10"
    assert program.line().startswith(
        'RayOnSpark has no setting "spark.rayonspark.numNode". Did you mean '
        '"spark.rayonspark.numNodes"?'
    )
    assert program.line() == "10"
    assert program.wait() == 0, program.text()
