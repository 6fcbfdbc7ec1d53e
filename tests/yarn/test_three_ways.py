"""The same program on YARN: by plain Python, and by spark-submit in its two modes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from cluster.program import Program

from .conftest import SPARK_HOME
from .hadoop import CHECKOUT, Hadoop

EXAMPLE = str(CHECKOUT / "examples/parameter_server.py")
ARGUMENTS = ["--num-iters", "3", "--memory", "512m", "--object-store-memory", "100m"]
SUBMIT = [str(SPARK_HOME / "bin/spark-submit"), "--master", "yarn", "--num-executors", "2"]
UPDATES = "Ray, updates: 7 = 2 workers * 3 + 1 trial call"


def output_of_containers(yarn: Hadoop) -> str:
    """What all containers of the last application have printed."""
    (last,) = sorted(yarn.logs().glob("*/application_*"), key=lambda p: p.name)[-1:]
    return "".join(path.read_text() for path in yarn.logs().glob(f"*/{last.name}/*/stdout"))


def test_plain_python_is_the_driver(run_program: Callable[..., Program]) -> None:
    program = run_program(sys.executable, EXAMPLE, "--cluster-mode", "yarn", *ARGUMENTS)

    assert program.wait(240) == 0, program.text()
    assert UPDATES in program.text()
    assert "Both are stopped." in program.text()


def test_plain_python_submits_itself(yarn: Hadoop, run_program: Callable[..., Program]) -> None:
    program = run_program(sys.executable, EXAMPLE, "--cluster-mode", "yarn-cluster", *ARGUMENTS)

    assert program.wait(240) == 0, program.text()
    assert "yarn logs -applicationId application_" in program.text()
    assert UPDATES in output_of_containers(yarn)


def test_spark_submit_in_client_mode(run_program: Callable[..., Program]) -> None:
    program = run_program(*SUBMIT, EXAMPLE, "--cluster-mode", "spark-submit", *ARGUMENTS)

    assert program.wait(240) == 0, program.text()
    assert UPDATES in program.text()


def test_spark_submit_in_cluster_mode(yarn: Hadoop, run_program: Callable[..., Program]) -> None:
    (jar,) = (CHECKOUT / "python/rayonspark/jars").glob("*.jar")
    ours = ["--jars", str(jar), "--py-files", str(jar)]
    python = ["--conf", f"spark.pyspark.python={sys.executable}"]
    memory = ["--conf", "spark.driver.memoryOverhead=2g"]

    program = run_program(
        *SUBMIT, "--deploy-mode", "cluster", *ours, *python, *memory,
        EXAMPLE, "--cluster-mode", "spark-submit", *ARGUMENTS,
    )  # fmt: skip

    assert program.wait(240) == 0, program.text()
    assert UPDATES in output_of_containers(yarn)


def test_the_client_exits_as_the_script_has(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    script = tmp_path / "fails.py"
    script.write_text(
        "import sys\n"
        "from rayonspark import init_orca_context, stop_orca_context\n"
        "sc = init_orca_context('yarn-cluster', memory='512m')\n"
        "assert sys.argv[1:] == ['a word'], sys.argv\n"
        "stop_orca_context()\n"
        "sys.exit(7)\n"
    )

    program = run_program(sys.executable, str(script), "a word")

    assert program.wait(240) == 7, program.text()


def test_only_a_script_can_be_submitted(run_program: Callable[..., Program]) -> None:
    source = "from rayonspark import init_orca_context; init_orca_context('yarn-cluster')"

    program = run_program(sys.executable, "-c", source)

    assert program.wait() == 1
    assert "spark-submit --master yarn --deploy-mode cluster" in program.text()
