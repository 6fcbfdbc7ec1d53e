"""The Scala and Java programs in examples/, run by spark-submit."""

from __future__ import annotations

from pathlib import Path

import pytest

from .artefacts import EXAMPLES_JAR
from .report import report_in
from .user import User

READ_BY_SCALA = Path(__file__).parent / "programs/read_by_scala.py"


@pytest.mark.parametrize("app", ["ScalaApp", "JavaApp"])
def test_the_example_runs_ray_between_spark_jobs(app: str, user: User, packages: list[str]) -> None:
    executors = ["--master", "local-cluster[2,1,1024]", "--executor-memory", "512m"]
    main = ["--class", f"org.rayonspark.examples.{app}", str(EXAMPLES_JAR)]

    output = user.spark_submit(*executors, *packages, *main)

    lines = [line for line in output.splitlines() if line.startswith(("Ray", "Spark"))]
    assert lines[0] == "Spark counts before: 1000"
    assert lines[1].startswith("Ray is at ")
    nodes = lines[2:5]
    assert [line.endswith(", alive") for line in nodes] == [True] * 3
    assert [line.split(": ")[1].split(" ")[0] for line in nodes] == ["head", "worker", "worker"]
    assert lines[5:] == [
        "Spark counts meanwhile: 1000",
        "Spark sums in Arrow: 499500",
        "Spark counts after: 1000",
    ]


def test_a_scala_function_reads_the_dataset_that_python_passed_to_spark(
    user: User, packages: list[str]
) -> None:
    program = user.home / "read_by_scala.py"
    program.write_text(READ_BY_SCALA.read_text())
    executors = ["--master", "local-cluster[2,1,1024]", "--executor-memory", "512m"]
    jar = ["--jars", str(EXAMPLES_JAR)]

    report = report_in(user.spark_submit(*executors, *packages, *jar, str(program)))

    assert report["by_python"] == report["by_scala"] == 499_500
