"""`to_ray` and `to_spark` of the Orca handle move data as the cluster's methods do."""

from __future__ import annotations

from collections.abc import Callable

from cluster.program import Program

PROGRAM = """
from pyspark.sql import SparkSession
from rayonspark import OrcaContext, init_orca_context, stop_orca_context

def say(*words):
    print("TEST", *words, flush=True)

sc = init_orca_context(
    cluster_mode="local", cores=2, memory="512m", object_store_memory="100m",
    init_ray_on_spark=True, conf={"spark.ui.enabled": "false"}, include_webui=False,
)
spark = SparkSession.builder.getOrCreate()
ctx = OrcaContext.get_ray_context()
ds = ctx.to_ray(spark.range(100), num_blocks=3)
say(ds.num_blocks(), ds.sum("id"))
say(ctx.to_spark(ds).groupBy().sum("id").first()[0])
say(ctx.cluster.last_exchange.direction)
ctx.stop()
try:
    ctx.to_ray(spark.range(1))
except Exception as error:
    say(type(error).__name__)
stop_orca_context()
"""


def test_the_orca_handle_moves_data_both_ways(run_program: Callable[..., Program]) -> None:
    program = run_program(PROGRAM)
    assert program.line() == "3 4950"
    assert program.line() == "4950"
    assert program.line() == "to_spark"
    assert program.line() == "ClusterStoppedException"
    assert program.wait() == 0, program.text()
