"""The same program on Kubernetes, run by plain Python and by spark-submit, in both modes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import venv_pack
from cluster.client import Client
from cluster.program import Program
from cluster.small_venv import small_venv
from cluster.spark_under_test import PYTHON_PATH, SPARK_HOME

from .cluster import Kubernetes
from .image import ROOT_IMAGE
from .machine import CHECKOUT

LIMIT_S = 240
EXAMPLE = str(CHECKOUT / "examples/parameter_server.py")
ARGUMENTS = ["--num-iters", "3", "--memory", "512m", "--object-store-memory", "100m"]
UPDATES = "Ray, updates: 7 = 2 workers * 3 + 1 trial call"


@pytest.fixture
def submit(kubernetes: Kubernetes) -> list[str]:
    """The first words of a spark-submit command."""
    master = f"k8s://{kubernetes.url}"
    words = [str(SPARK_HOME / "bin/spark-submit"), "--master", master]
    return [*words, "--conf", "spark.executor.instances=2"]


def test_plain_python_is_the_driver(
    kubernetes: Kubernetes, run_program: Callable[..., Program]
) -> None:
    mode = ["--cluster-mode", "K8s", "--master", f"k8s://{kubernetes.url}"]
    program = run_program(
        sys.executable, EXAMPLE, *mode, *ARGUMENTS, "--container-image", ROOT_IMAGE
    )

    assert program.wait(LIMIT_S) == 0, program.text()
    assert UPDATES in program.text()
    assert "computed by 2 executor process(es)" in program.text()
    assert "Both are stopped." in program.text()


def test_plain_python_submits_itself(
    kubernetes: Kubernetes, run_program: Callable[..., Program]
) -> None:
    mode = ["--cluster-mode", "k8s-cluster", "--master", f"k8s://{kubernetes.url}"]
    program = run_program(sys.executable, EXAMPLE, *mode, *ARGUMENTS)

    assert program.wait(LIMIT_S) == 0, program.text()
    assert UPDATES in program.text()
    assert "to end it: kubectl delete pod rayonspark-" in program.text()


def test_spark_submit_in_client_mode(
    submit: list[str], run_program: Callable[..., Program]
) -> None:
    program = run_program(*submit, EXAMPLE, "--cluster-mode", "spark-submit", *ARGUMENTS)

    assert program.wait(LIMIT_S) == 0, program.text()
    assert UPDATES in program.text()


def test_spark_submit_in_cluster_mode(
    kubernetes: Kubernetes, submit: list[str], run_program: Callable[..., Program]
) -> None:
    shared = "spark.kubernetes.driver.volumes.emptyDir.shm"
    settings = {
        f"{shared}.mount.path": "/dev/shm",
        f"{shared}.options.medium": "Memory",
        f"{shared}.options.sizeLimit": "256Mi",
        "spark.driver.memoryOverhead": "2g",
        "spark.kubernetes.driver.pod.name": "by-spark-submit",
        # RayOnSpark is not installed in the pod, which uses the checkout.
        "spark.kubernetes.driverEnv.PYTHONPATH": PYTHON_PATH,
    }
    confs = [word for row in settings.items() for word in ("--conf", "=".join(row))]
    mode = ["--cluster-mode", "spark-submit"]

    program = run_program(
        *submit, "--deploy-mode", "cluster", *confs, f"local://{EXAMPLE}", *mode, *ARGUMENTS
    )

    assert program.wait(LIMIT_S) == 0, program.text()
    assert UPDATES in kubernetes.kubectl("logs", "by-spark-submit")


FAILS = """
import sys
from rayonspark import init_orca_context, stop_orca_context
sc = init_orca_context("k8s-cluster", memory="512m", driver_memory="512m", master=sys.argv[1])
assert sys.argv[2:] == ["a word"], sys.argv
print("the last words", file=sys.stderr)
stop_orca_context()
sys.exit(7)
"""


def test_the_client_exits_with_the_scripts_status_and_shows_its_output(
    kubernetes: Kubernetes, run_program: Callable[..., Program]
) -> None:
    script = kubernetes.shared / "fails.py"
    script.write_text(FAILS)

    program = run_program(sys.executable, str(script), f"k8s://{kubernetes.url}", "a word")

    assert program.wait(LIMIT_S) == 7, program.text()
    assert "the last words" in program.text()


def test_only_a_script_can_be_submitted(run_program: Callable[..., Program]) -> None:
    source = (
        "from rayonspark import init_orca_context; "
        "init_orca_context('k8s-cluster', master='k8s://https://h:1')"
    )

    program = run_program(sys.executable, "-c", source)

    assert program.wait() == 1
    assert "spark-submit --master k8s://… --deploy-mode cluster" in program.text()


def test_a_packed_environment_reaches_every_node(
    start_client: Callable[..., Client], tmp_path: Path
) -> None:
    archive = tmp_path / "small.tar.gz"
    venv_pack.pack(prefix=str(small_venv(tmp_path / "small")), output=str(archive))

    client = start_client(penv_archive=str(archive), init_ray_on_spark=True)

    prefixes = client.ask("on_nodes", "sys.prefix").values()
    assert len(prefixes) == 2
    assert all(prefix.endswith("/python_env") for prefix in prefixes)
    assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]
