"""Which versions of Spark, Scala, Java, Python and Ray are supported, and which are installed."""

from rayonspark._versions.builds import Build, builds
from rayonspark._versions.gate import (
    build_for,
    check_jar,
    check_java,
    check_pyspark,
    check_python,
    check_ray,
    check_tokens,
)
from rayonspark._versions.home import SparkVersion, spark_at

__all__ = [
    "Build",
    "SparkVersion",
    "build_for",
    "builds",
    "check_jar",
    "check_java",
    "check_pyspark",
    "check_python",
    "check_ray",
    "check_tokens",
    "spark_at",
]
