"""Where a cell's Spark is."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from rayonspark._versions import Build

from .fetched import CHECKOUT, folder


def packages(build: Build) -> Path:
    """Return the folder with pyspark and py4j; SPARK_HOME is "pyspark" in it."""
    of_pypi = folder("tools/spark.sh", build.pyspark)
    if (build.spark, build.scala) == ("3.5", "2.13"):
        return _with_jars_of_maven(of_pypi, build)
    return of_pypi


def _with_jars_of_maven(of_pypi: Path, build: Build) -> Path:
    """Return PyPI's Python with Maven's jars: PyPI has only one Scala version."""
    target = CHECKOUT / "target"
    jars = target / f"spark{build.spark}_{build.scala}".replace(".", "")
    jars /= f"spark-{build.pyspark}-jars"
    if not jars.is_dir():
        folder("./sbt", f"{jars.parent.name}/sparkJars")
    home = target / "matrix" / f"pyspark-{build.pyspark}_{build.scala}"
    if home.is_dir():
        return home
    home.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as temporary:
        fresh = Path(temporary) / "home"
        shutil.copytree(of_pypi, fresh, copy_function=_link, ignore=_jars)
        (fresh / "pyspark" / "jars").symlink_to(jars)
        fresh.rename(home)
    return home


def _link(source: str, there: str) -> None:
    Path(there).symlink_to(source)


def _jars(of: str, names: list[str]) -> list[str]:
    return ["jars"] if "jars" in names and Path(of).name == "pyspark" else []
