"""The threads of the JVMs of one application."""

from __future__ import annotations

import re

from pyspark.sql import SparkSession

THREAD_NAME = re.compile(r"Thread\[#?\d*,?([^,\]]*),")


def jvm_threads(spark: SparkSession) -> dict[str, set[str]]:
    """Names of the live threads in the driver's JVM, and in those of all executors."""
    sc = spark.sparkContext
    slots = spark.range(0, 64, 1, numPartitions=64)
    stacks = "reflect('java.lang.Thread', 'getAllStackTraces')"
    rows = slots.selectExpr(f"{stacks} AS stacks").distinct().collect()
    executors = {name for row in rows for name in THREAD_NAME.findall(row.stacks)}
    driver = {str(t.getName()) for t in sc._jvm.java.lang.Thread.getAllStackTraces().keySet()}
    return {"driver": driver, "executors": executors}


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("rayonspark-")}
