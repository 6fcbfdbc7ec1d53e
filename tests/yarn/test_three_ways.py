"""The same program on YARN, run by plain Python and by spark-submit, in both modes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.program import Program
from cluster.spark_under_test import SPARK, SPARK_HOME
from rayonspark._jars import our_jar
from rayonspark._versions import build_for

from .hadoop import CHECKOUT, Hadoop

EXAMPLE = str(CHECKOUT / "examples/parameter_server.py")
ARGUMENTS = ["--num-iters", "3", "--memory", "512m", "--object-store-memory", "100m"]
SUBMIT = [str(SPARK_HOME / "bin/spark-submit"), "--master", "yarn", "--num-executors", "2"]
UPDATES = "Ray, updates: 7 = 2 workers * 3 + 1 trial call"


def submitted(yarn: Hadoop) -> str:
    """The newest application's id."""
    return str(max(application["id"] for application in yarn.applications()))


def test_plain_python_is_the_driver(run_program: Callable[..., Program]) -> None:
    program = run_program(sys.executable, EXAMPLE, "--cluster-mode", "yarn", *ARGUMENTS)

    assert program.wait(240) == 0, program.text()
    assert UPDATES in program.text()
    assert "Both are stopped." in program.text()


def test_plain_python_submits_itself(yarn: Hadoop, run_program: Callable[..., Program]) -> None:
    program = run_program(sys.executable, EXAMPLE, "--cluster-mode", "yarn-cluster", *ARGUMENTS)

    assert program.wait(240) == 0, program.text()
    application = submitted(yarn)
    assert f"yarn logs -applicationId {application}" in program.text()
    logs = yarn.application_logs(application)
    assert UPDATES in logs
    assert "-head-gcs_server.out" in logs
    assert "-raylet.out" in logs


def test_spark_submit_in_client_mode(
    run_program: Callable[..., Program], packed_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON")
    driver = ["--conf", f"spark.pyspark.driver.python={sys.executable}"]

    program = run_program(
        *SUBMIT, *python_in(packed_venv), *driver,
        EXAMPLE, "--cluster-mode", "spark-submit", *ARGUMENTS,
    )  # fmt: skip

    assert program.wait(240) == 0, program.text()
    assert UPDATES in program.text()


def test_spark_submit_in_cluster_mode(
    yarn: Hadoop,
    run_program: Callable[..., Program],
    packed_venv: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON")
    jar = our_jar(build_for(SPARK))
    ours = ["--jars", str(jar), "--py-files", str(jar)]
    memory = ["--conf", "spark.driver.memoryOverhead=2g"]

    program = run_program(
        *SUBMIT, "--deploy-mode", "cluster", *ours, *python_in(packed_venv), *memory,
        EXAMPLE, "--cluster-mode", "spark-submit", *ARGUMENTS,
    )  # fmt: skip

    assert program.wait(240) == 0, program.text()
    assert UPDATES in yarn.application_logs(submitted(yarn))


def python_in(archive: Path) -> list[str]:
    """The options that docs/yarn.md documents."""
    interpreter = "spark.pyspark.python=./python_env/bin/python"
    return ["--archives", f"{archive}#python_env", "--conf", interpreter]


FAILS = """
import sys
import rayonspark
import travelled
from rayonspark import init_orca_context
init_orca_context("yarn-cluster", memory="512m", num_nodes=1, object_store_memory="100m",
                  extra_python_lib=sys.argv[2], init_ray_on_spark=True)
assert sys.argv[1] == "a word", sys.argv
import ray

@ray.remote
def there():
    import rayonspark
    import travelled
    return f"{rayonspark.__file__} and {travelled.__file__}"

print(f"DRIVER: {rayonspark.__file__} and {travelled.__file__}")
print("TASK:", ray.get(there.remote()))
sys.exit(7)
"""


def test_the_client_exits_with_the_scripts_status_and_yarn_has_rays_logs(
    yarn: Hadoop,
    run_program: Callable[..., Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Spark's client would put it before the files that it sends.
    monkeypatch.delenv("PYTHONPATH")
    script, library = tmp_path / "fails.py", tmp_path / "travelled.py"
    script.write_text(FAILS)
    library.write_text("")

    program = run_program(sys.executable, str(script), "a word", str(library))

    assert program.wait(240) == 7, program.text()
    application = submitted(yarn)
    assert "Final-State : FAILED" in yarn.yarn("application", "-status", application)
    logs = yarn.application_logs(application)
    assert "-head-gcs_server.out" in logs
    assert "-executor-1-raylet.out" in logs
    # Not the checkout's files, which every host of these tests has as well.
    found = re.findall(r"^(?:DRIVER|TASK): (\S+) and (\S+)$", logs, re.MULTILINE)
    assert len(found) == 2, logs
    for package, library in found:
        assert ".jar/rayonspark/" in package
        assert all("/appcache/application_" in path for path in (package, library)), found


def test_only_a_script_can_be_submitted(run_program: Callable[..., Program]) -> None:
    source = "from rayonspark import init_orca_context; init_orca_context('yarn-cluster')"

    program = run_program(sys.executable, "-c", source)

    assert program.wait() == 1
    assert "spark-submit --master yarn --deploy-mode cluster" in program.text()
