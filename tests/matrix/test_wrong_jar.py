"""A Java program with a jar for another Scala gets the error that names the right coordinate."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rayonspark._jars import our_jar
from rayonspark._versions import Build, builds

from .fetched import CHECKOUT
from .spark_home import packages

PROGRAM = Path(__file__).parent / "WrongJar.java"
OLDEST, NEWEST = builds()[0], builds()[-1]


@pytest.mark.parametrize(("jar", "running"), [(NEWEST, OLDEST), (OLDEST, NEWEST)])
def test_the_error_of_every_way_to_begin_names_the_coordinate(jar: Build, running: Build) -> None:
    java = subprocess.check_output([CHECKOUT / "tools/java.sh"], text=True).strip()
    class_path = f"{our_jar(jar)}:{packages(running) / 'pyspark/jars/*'}"
    thrown = subprocess.check_output([java, "-cp", class_path, PROGRAM], text=True).splitlines()
    assert thrown == 5 * [
        "org.rayonspark.VersionMismatchException: The jar on Spark's class path is "
        f"{jar.name}, and this is Spark {running.pyspark} with Scala {running.scala}. "
        f"Use {running.coordinate} in its place."
    ]
