"""What `make wheel` has built: the wheel, the Maven repository, the jar of the examples."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
VERSION = re.findall(
    r'__version__ = "(.+)"', (CHECKOUT / "python/rayonspark/_version.py").read_text()
)[0]
# The build for the newest Spark, which the tests use.
NAME = "rayonspark-spark-4.3_2.13"
COORDINATES = f"org.rayonspark:{NAME}:{VERSION}"

WHEEL = CHECKOUT / f"dist/rayonspark-{VERSION}-py3-none-any.whl"
REPOSITORY = CHECKOUT / "target/repository"
JAR = REPOSITORY / f"org/rayonspark/{NAME}/{VERSION}/{NAME}-{VERSION}.jar"
POM = JAR.with_suffix(".pom")
EXAMPLES_JAR = CHECKOUT / f"target/examples/scala-2.13/rayonspark-examples_2.13-{VERSION}.jar"
