"""Finds out which Spark a SPARK_HOME contains, from the names of its jars."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_CORE = re.compile(r"spark-core_(?P<scala>\d+\.\d+)-(?P<spark>\d.*)\.jar")


class SparkVersion(NamedTuple):
    """The version of a Spark, and of its Scala."""

    spark: str
    """Its full version, such as "3.5.3-amzn-0"."""
    scala: str
    """The binary version of its Scala."""

    @property
    def minor(self) -> str:
        return ".".join(self.spark.split(".")[:2])


def spark_at(home: Path, pyspark: str) -> SparkVersion:
    """Return the Spark in `home`; if its jars have other names, the one of this `pyspark`."""
    found = (_CORE.fullmatch(jar.name) for jar in sorted((home / "jars").glob("spark-core_*.jar")))
    core = next((name for name in found if name), None)
    if core is not None:
        return SparkVersion(core["spark"], core["scala"])
    # PyPI's Spark 3 has Scala 2.12, and every Spark 4 has Scala 2.13.
    return SparkVersion(pyspark, "2.12" if pyspark.startswith("3.") else "2.13")
