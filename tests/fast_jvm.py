"""Options with which the JVMs of tests start in half of the CPU time.

A test's JVM lives for seconds. It gains nothing from the second compiler and from a parallel
collector, and it spends half of the remaining time on loading Spark's classes, unless it maps them
from an archive. `python -m fast_jvm` writes that archive; a JVM with other classes ignores it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ARCHIVE = Path(__file__).parents[1] / "target/spark-classes.jsa"

SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# By default a JVM warns on stdout of an archive that it ignores.
_ARCHIVED = f"-XX:SharedArchiveFile={ARCHIVE} -Xlog:disable"


def options() -> str:
    """Give the value of JAVA_TOOL_OPTIONS."""
    return f"{SHORT_LIVED} {_ARCHIVED}" if ARCHIVE.exists() else SHORT_LIVED


def class_path(spark_home: Path) -> str:
    """Give the class path that the archive's JVM had; one of another JVM must begin with it.

    It usually begins with Spark's directory of settings, unless there is none.
    """
    jars = spark_home / "jars"
    # Spark's launcher puts it first.
    return ":".join([*map(str, jars.glob("slf4j-api-*.jar")), f"{jars}/*"])


def write() -> None:
    """Load what drivers and executors load into one JVM, and archive it when that JVM ends."""
    from cluster.sessions import local_cluster
    from pyspark import SparkContext
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import udf

    ARCHIVE.parent.mkdir(exist_ok=True)
    ARCHIVE.unlink(missing_ok=True)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["JAVA_TOOL_OPTIONS"] = SHORT_LIVED
    os.environ["SPARK_SUBMIT_OPTS"] = f"-XX:ArchiveClassesAtExit={ARCHIVE} -Xlog:disable"

    def load(spark: SparkSession) -> None:
        df = spark.range(1000).selectExpr(
            "id", "id % 7 AS key", "string(id) AS text", "id / 2.0 AS x"
        )
        spark.createDataFrame(df.cache().toPandas()).count()
        spark.createDataFrame(df.toArrow()).groupBy("key").sum("id").collect()
        df.select(udf(len)("text")).collect()
        df.mapInArrow(lambda batches: batches, df.schema).repartition(2).count()
        spark.sparkContext.parallelize(range(10), 2).barrier().mapPartitions(list).collect()

    with local_cluster(workers=1, cores=2) as spark:
        load(spark)
    with SparkSession.builder.master("local[2]").getOrCreate() as spark:
        load(spark)
    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


if __name__ == "__main__":
    write()
