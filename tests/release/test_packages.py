"""`--packages` installs both halves from a repository, without pip."""

from __future__ import annotations

from pathlib import Path

from .artefacts import JAR
from .report import report_in
from .user import User

PROGRAM = Path(__file__).parent / "programs/packages.py"
TYPED = """
import json, rayonspark
fields = list(spark._jvm.org.rayonspark.python.PythonApi.specFields())
print("TEST", json.dumps({"package": rayonspark.__file__, "fields": fields}))
"""


def test_the_pyspark_shell_has_both_halves(user: User, packages: list[str], tmp_path: Path) -> None:
    report = report_in(user.pyspark(TYPED, "--master", "local[1]", *packages))

    assert f"org.rayonspark_{JAR.name}/rayonspark/" in report["package"]
    assert report["fields"][0] == "num_nodes"
    assert sorted(jar.name for jar in (tmp_path / "ivy/jars").iterdir()) == [
        f"org.rayonspark_{JAR.name}"
    ]


def test_spark_submit_runs_a_cluster_whose_tasks_have_the_package(
    user: User, packages: list[str]
) -> None:
    program = user.home / "program.py"
    program.write_text(PROGRAM.read_text())
    executors = ["--master", "local-cluster[2,1,1024]", "--executor-memory", "512m"]

    report = report_in(user.spark_submit(*executors, *packages, str(program)))

    assert f"{JAR.name}/rayonspark/" in report["package"]
    assert f"{JAR.name}/rayonspark/" in report["package_in_ray"]
    assert report["states"] == ["alive"] * 3
    assert report["spark"] == 10
