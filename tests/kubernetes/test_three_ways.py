"""The same program on Kubernetes, run by plain Python and by spark-submit, in both modes."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from cluster.program import Program
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
init_orca_context("k8s-cluster", memory="512m", driver_memory="512m", master=sys.argv[1],
                  num_nodes=2, object_store_memory="100m", namespace=sys.argv[2],
                  service_account="rayonspark", init_ray_on_spark=True)
assert sys.argv[3:] == ["a word"], sys.argv
stop_orca_context()
print("the last words", file=sys.stderr)
sys.exit(7)
"""


def test_with_only_the_documented_rights_a_script_runs_and_the_client_exits_with_its_status(
    kubernetes: Kubernetes, tenant: str, run_program: Callable[..., Program]
) -> None:
    """The driver's pod has its account's rights. For client mode, see `test_driver_job`."""
    rights = CHECKOUT / "docs/kubernetes/rbac.yaml"
    kubernetes.kubectl("apply", f"--namespace={tenant}", f"--filename={rights}")
    script = kubernetes.shared / "fails.py"
    script.write_text(FAILS)

    program = run_program(sys.executable, str(script), f"k8s://{kubernetes.url}", tenant, "a word")

    assert program.wait(LIMIT_S) == 7, program.text()
    assert "the last words" in program.text()
    assert "orbidden" not in program.text()


def test_only_a_script_can_be_submitted(run_program: Callable[..., Program]) -> None:
    source = (
        "from rayonspark import init_orca_context; "
        "init_orca_context('k8s-cluster', master='k8s://https://h:1')"
    )

    program = run_program(sys.executable, "-c", source)

    assert program.wait() == 1
    assert "spark-submit --master k8s://… --deploy-mode cluster" in program.text()
