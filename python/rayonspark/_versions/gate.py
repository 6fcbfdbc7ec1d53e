"""Rejects versions that RayOnSpark does not support, before anything starts."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from itertools import groupby

from rayonspark._version import __version__
from rayonspark._versions.builds import Build, builds
from rayonspark._versions.home import SparkVersion
from rayonspark.errors import VersionMismatchException

OLDEST_PYTHON = (3, 10)
OLDEST_RAY = (2, 41)
OLDEST_RAY_WITH_TOKENS = (2, 52)
NEWEST_RAY = (2, 60)
"""The newest version that the tests have run with; a newer one causes a warning."""


def build_for(found: SparkVersion) -> Build:
    """Return the build for this Spark; if there is none, the error lists what is supported."""
    for build in builds():
        if (build.spark, build.scala) == (found.minor, found.scala):
            return build
    same_spark = [build for build in builds() if build.spark == found.minor]
    raise VersionMismatchException(
        f"Spark {found.spark} with Scala {found.scala} is not supported by RayOnSpark "
        f"{__version__}, which has jars for {_listed(builds())}. "
        + (
            f"Use a Spark {found.minor} with Scala {same_spark[-1].scala}."
            if same_spark
            else f'Install one of those, for instance by pip install "{_pyspark_range()}".'
        )
    )


def check_jar(there: tuple[str, str], build: Build, found: SparkVersion) -> None:
    """Reject the jar on Spark's class path, built for the (Spark, Scala) `there`, if it differs.

    Raises
    ------
    VersionMismatchException
        The jar is for another Spark or Scala than `build`.
    """
    if there != (build.spark, build.scala):
        spark, scala = there
        raise VersionMismatchException(
            f"The jar on Spark's class path is rayonspark-spark-{spark}_{scala}, and this is Spark "
            f"{found.spark} with Scala {found.scala}. Use {build.coordinate} in its place."
        )


def check_pyspark(pyspark: str, found: SparkVersion) -> None:
    """Reject a pyspark whose minor version differs from SPARK_HOME's: the two are incompatible."""
    if pyspark.split(".")[:2] != found.minor.split("."):
        raise VersionMismatchException(
            f"This Python has pyspark {pyspark}, and the Spark in SPARK_HOME is {found.spark}. "
            f'Run pip install "pyspark=={found.minor}.*", or unset SPARK_HOME.'
        )


def check_java(found: str, build: Build) -> None:
    """Reject a Java, given by its ``java.specification.version``, that is too old for the jar."""
    version = found.removeprefix("1.")
    if int(version) < int(build.java):
        raise VersionMismatchException(
            f"Spark runs on Java {version}, and RayOnSpark for Spark {build.spark} needs Java "
            f"{build.java} or newer. Set JAVA_HOME to one before Spark starts."
        )


def check_python(found: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Reject a Python that is too old; by default, check the one that runs."""
    if found[:2] < OLDEST_PYTHON:
        raise VersionMismatchException(
            f"This is Python {_dotted(found)}, and RayOnSpark needs {_dotted(OLDEST_PYTHON)} "
            "or newer. Run the program with a newer one, the executors' included."
        )


def check_ray(found: str) -> None:
    """Reject a Ray that is too old; warn about one that is newer than all tested versions."""
    minor = _minor(found)
    if minor < OLDEST_RAY:
        raise VersionMismatchException(
            f"This is Ray {found}, and RayOnSpark needs {_dotted(OLDEST_RAY)} or newer. Install "
            f'one here and for the executors: pip install "ray[default]>={_dotted(OLDEST_RAY)}".'
        )
    if minor > NEWEST_RAY:
        warnings.warn(
            f"Ray {found} is newer than {_dotted(NEWEST_RAY)}, the newest that RayOnSpark "
            f"{__version__} was tested with.",
            RuntimeWarning,
            stacklevel=3,
        )


def check_tokens(found: str, auth: str) -> None:
    """Reject a Ray without tokens if `auth`, the text of the cluster's field, asks for them."""
    if auth.strip().lower() == "token" and _minor(found) < OLDEST_RAY_WITH_TOKENS:
        oldest = _dotted(OLDEST_RAY_WITH_TOKENS)
        raise VersionMismatchException(
            f"This is Ray {found}, but auth is token, which needs Ray {oldest} or later. Install "
            f"ray {oldest} or later on every node, or set auth (spark.rayonspark.auth) to "
            "disabled: anyone who reaches one of Ray's ports can then run code as this user."
        )


def _minor(found: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", found)[:2])


def _listed(all_of: Sequence[Build]) -> str:
    """Return a list such as "Spark 3.5 (Scala 2.12 or 2.13), 4.0 (Scala 2.13)"."""
    each = [
        f"{spark} (Scala {' or '.join(build.scala for build in same)})"
        for spark, same in groupby(all_of, lambda build: build.spark)
    ]
    return f"Spark {', '.join(each)}"


def _pyspark_range() -> str:
    major, minor = builds()[-1].spark.split(".")
    return f"pyspark>={builds()[0].spark},<{major}.{int(minor) + 1}"


def _dotted(version: Sequence[object]) -> str:
    return ".".join(str(number) for number in version)
