"""The gate: one error says which version was found, which are supported, and what to use."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from jvm_sources import CHECKOUT
from rayonspark import VersionMismatchException
from rayonspark._version import __version__
from rayonspark._versions import (
    SparkVersion,
    build_for,
    builds,
    check_jar,
    check_java,
    check_pyspark,
    check_python,
    check_ray,
    check_tokens,
    gate,
    spark_at,
)

SUPPORTED = (
    "Spark 3.5 (Scala 2.12 or 2.13), 4.0 (Scala 2.13), 4.1 (Scala 2.13), 4.2 (Scala 2.13), "
    "4.3 (Scala 2.13)"
)


@pytest.mark.parametrize("build", builds(), ids=lambda build: build.name)
def test_each_supported_spark_has_its_jar(build) -> None:
    assert build_for(SparkVersion(build.pyspark, build.scala)) == build


@pytest.mark.parametrize("vendors", ["3.5.3-amzn-0", "3.5.0.dataproc-1", "3.5.1+cdh"])
def test_a_vendors_spark_is_recognized_by_its_minor_version(vendors: str) -> None:
    assert build_for(SparkVersion(vendors, "2.12")).name == "rayonspark-spark-3.5_2.12"


@pytest.mark.parametrize(("spark", "scala"), [("3.4.4", "2.12"), ("4.4.0", "2.13")])
def test_a_spark_without_a_jar_is_an_error(spark: str, scala: str) -> None:
    with pytest.raises(VersionMismatchException) as raised:
        build_for(SparkVersion(spark, scala))
    assert str(raised.value) == (
        f"Spark {spark} with Scala {scala} is not supported by RayOnSpark {__version__}, which has "
        f"jars for {SUPPORTED}. Install one of those, for instance by pip install "
        '"pyspark>=3.5,<4.4".'
    )


def test_a_supported_spark_with_another_scala_is_an_error_that_names_the_right_one() -> None:
    with pytest.raises(VersionMismatchException) as raised:
        build_for(SparkVersion("4.0.1", "3.3"))
    assert str(raised.value).endswith("Use a Spark 4.0 with Scala 2.13.")


def test_a_jar_for_another_spark_is_an_error_that_names_the_coordinate() -> None:
    found = SparkVersion("3.5.9", "2.12")
    build = build_for(found)
    check_jar(("3.5", "2.12"), build, found)
    with pytest.raises(VersionMismatchException) as raised:
        check_jar(("4.2", "2.13"), build, found)
    assert str(raised.value) == (
        "The jar on Spark's class path is rayonspark-spark-4.2_2.13, and this is Spark 3.5.9 with "
        f"Scala 2.12. Use org.rayonspark:rayonspark-spark-3.5_2.12:{__version__} in its place."
    )


def test_a_pyspark_of_another_spark_is_an_error() -> None:
    check_pyspark("3.5.1", SparkVersion("3.5.3-amzn-0", "2.12"))
    with pytest.raises(VersionMismatchException) as raised:
        check_pyspark("4.3.0", SparkVersion("3.5.9", "2.12"))
    assert str(raised.value) == (
        "This Python has pyspark 4.3.0, and the Spark in SPARK_HOME is 3.5.9. "
        'Run pip install "pyspark==3.5.*", or unset SPARK_HOME.'
    )


def test_a_java_that_is_too_old_is_an_error() -> None:
    oldest, newest = builds()[0], builds()[-1]
    check_java("11", oldest)
    check_java("21", newest)
    with pytest.raises(VersionMismatchException, match=r"Java 8, .* needs Java 11 or newer"):
        check_java("1.8", oldest)
    with pytest.raises(VersionMismatchException) as raised:
        check_java("11", newest)
    assert str(raised.value) == (
        f"Spark runs on Java 11, and RayOnSpark for Spark {newest.spark} needs Java 17 or newer. "
        "Set JAVA_HOME to one before Spark starts."
    )


def test_a_python_that_is_too_old_is_an_error() -> None:
    check_python()
    check_python((3, 10, 0))
    with pytest.raises(VersionMismatchException) as raised:
        check_python((3, 9, 18))
    assert str(raised.value) == (
        "This is Python 3.9.18, and RayOnSpark needs 3.10 or newer. Run the program with a newer "
        "one, the executors' included."
    )


def test_a_ray_that_is_too_old_is_an_error_with_the_requirement() -> None:
    floor = ".".join(map(str, gate.OLDEST_RAY))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_ray(f"{floor}.0")
        check_ray(".".join(map(str, gate.NEWEST_RAY)) + ".1")
    with pytest.raises(VersionMismatchException) as raised:
        check_ray("2.9.3")
    assert str(raised.value) == (
        f"This is Ray 2.9.3, and RayOnSpark needs {floor} or newer. Install one here and for the "
        f'executors: pip install "ray[default]>={floor}".'
    )


def test_a_ray_without_tokens_is_an_error_unless_they_are_disabled() -> None:
    check_tokens("2.52.0", "token")
    check_tokens("2.41.0", " Disabled")
    # The JVM says what is wrong with this one.
    check_tokens("2.41.0", "of course")
    with pytest.raises(VersionMismatchException) as raised:
        check_tokens("2.51.1", "token")
    assert str(raised.value) == (
        "This is Ray 2.51.1, but auth is token, which needs Ray 2.52 or later. Install ray 2.52 or "
        "later on every node, or set auth (spark.rayonspark.auth) to disabled: anyone who reaches "
        "one of Ray's ports can then run code as this user."
    )


def test_a_ray_that_is_newer_than_all_tested_ones_is_one_warning() -> None:
    with pytest.warns(RuntimeWarning) as warned:
        check_ray("2.99.0")
    assert [str(one.message) for one in warned] == [
        f"Ray 2.99.0 is newer than {gate.NEWEST_RAY[0]}.{gate.NEWEST_RAY[1]}, the newest that "
        f"RayOnSpark {__version__} was tested with."
    ]


def test_the_version_of_a_spark_home_is_the_one_that_its_jars_name(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    assert spark_at(tmp_path, "3.5.9") == SparkVersion("3.5.9", "2.12")
    assert spark_at(tmp_path, "4.0.5") == SparkVersion("4.0.5", "2.13")
    (jars / "spark-core_2.13-3.5.3-amzn-0.jar").touch()
    assert spark_at(tmp_path, "3.5.9") == SparkVersion("3.5.3-amzn-0", "2.13")


def test_the_jvm_has_the_same_minimum_versions() -> None:
    source = (CHECKOUT / "jvm/src/main/scala/org/rayonspark/plan/Compatibility.scala").read_text()
    floors = dict(re.findall(r"val min(Ray|Python): Version = Version\((\d+, \d+)\)", source))
    assert floors == {
        "Ray": ", ".join(map(str, gate.OLDEST_RAY)),
        "Python": ", ".join(map(str, gate.OLDEST_PYTHON)),
    }


def test_the_extras_name_the_same_versions() -> None:
    extras = (CHECKOUT / "python/pyproject.toml").read_text()
    assert f'pyspark = ["{gate._pyspark_range()}"]' in extras
    assert f'ray = ["ray[default]>={gate.OLDEST_RAY[0]}.{gate.OLDEST_RAY[1]}"]' in extras
