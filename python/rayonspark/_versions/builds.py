"""The jars of this release, one for each minor version of Spark and its Scala."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from typing import NamedTuple

from rayonspark._version import __version__


class Build(NamedTuple):
    """A line of ``builds.csv``, which the build of the jars also reads."""

    spark: str
    """The minor version of Spark, such as "3.5"."""
    scala: str
    """The binary version of Scala, such as "2.12"."""
    pyspark: str
    """The version of Spark that the jar is compiled against and tested with."""
    java: str
    """The oldest Java that the jar runs on."""

    @property
    def name(self) -> str:
        return f"rayonspark-spark-{self.spark}_{self.scala}"

    @property
    def jar(self) -> str:
        return f"{self.name}-{__version__}.jar"

    @property
    def coordinate(self) -> str:
        return f"org.rayonspark:{self.name}:{__version__}"


@functools.cache
def builds() -> tuple[Build, ...]:
    """Return all builds, the oldest Spark first."""
    text = files("rayonspark").joinpath("builds.csv").read_text(encoding="utf-8")
    return tuple(Build(**line) for line in csv.DictReader(text.splitlines()))
