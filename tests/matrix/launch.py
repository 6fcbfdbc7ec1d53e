"""How to start the program of a cell: its command line and its environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from . import spark_home
from .cells import NEWEST_RAY, Cell
from .fetched import CHECKOUT, CannotRunError, folder

OURS = (CHECKOUT / "python", CHECKOUT / "tests")
BOUND = 0.9
"""The part of a cell's time after which the program itself prints where it hangs, and exits."""


class Launch(NamedTuple):
    argv: list[str]
    env: dict[str, str]


def launch(cell: Cell, within_s: float) -> Launch:
    """Fetch what a cell's program needs, and return how to start it.

    Raises
    ------
    CannotRunError
    """
    build = cell.build
    words = ["-W", "ignore", "-m", "matrix.smoke", build.pyspark, build.scala, cell.ray]
    words.append(str(BOUND * within_s))
    if cell.debian:
        return _in_debian(cell, words)
    # The newest Ray is the installed one, whose folder would hide the cell's Spark.
    ray = [] if cell.ray == NEWEST_RAY else [folder("tools/ray.sh", cell.ray)]
    spark = spark_home.packages(build)
    path = [*ray, spark, *OURS]
    python = str(folder("tools/python.sh", cell.python)) if cell.python else sys.executable
    env = _settings(cell, spark, path, python)
    if cell.java:
        env["JAVA_HOME"] = str(folder("tools/jre.sh", cell.java))
    return Launch([python, *words], os.environ | env)


def _in_debian(cell: Cell, words: list[str]) -> Launch:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise CannotRunError("entering Debian 13 needs root and unshare")
    root = folder("tools/debian.sh")
    site = next(root.glob("venv/lib/python3.*/site-packages"))
    inside = Path("/", site.relative_to(root))
    python = "/venv/bin/python"
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    env |= _settings(cell, inside, list(OURS), python)
    enter = ["unshare", "--mount", str(CHECKOUT / "tests/matrix/in_debian.sh")]
    return Launch([*enter, str(root), str(CHECKOUT), python, *words], env)


def _settings(cell: Cell, spark: Path, path: list[Path], python: str) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "SPARK_HOME": str(spark / "pyspark"),
        "SPARK_SCALA_VERSION": cell.build.scala,
        "PYSPARK_PYTHON": python,
    }
