"""docs/kubernetes/driver-job.yaml, unchanged except for what the tests' image lacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cluster.spark_under_test import PYTHON_PATH

from . import spark
from .cluster import Kubernetes
from .image import IMAGE
from .machine import CHECKOUT

NAMESPACE = "rayonspark"
DOCS = CHECKOUT / "docs/kubernetes"
LIMIT_S = 180.0
EXAMPLE = "examples/parameter_server.py"


@pytest.fixture
def namespace(kubernetes: Kubernetes) -> Iterator[str]:
    """The namespace of the documented manifests, with the rights that they grant."""
    kubernetes.kubectl("apply", f"--filename={DOCS / 'namespace.yaml'}")
    kubernetes.kubectl("apply", f"--namespace={NAMESPACE}", f"--filename={DOCS / 'rbac.yaml'}")
    yield NAMESPACE
    kubernetes.kubectl("delete", "namespace", NAMESPACE)


def adapted() -> list[dict[str, Any]]:
    """The manifest's objects, with the machine's programs in place of those of the image."""
    service, configuration, job = yaml.safe_load_all((DOCS / "driver-job.yaml").read_text())
    ours = spark.volumes("executor") | {
        "spark.kubernetes.container.image.pullPolicy": "Never",
        "spark.kubernetes.executor.request.cores": "0.2",
        "spark.pyspark.python": sys.executable,
    }
    rows = "".join(f"{key} {value}\n" for key, value in ours.items())
    data = configuration["data"]
    data["spark-defaults.conf"] = _with_image(data["spark-defaults.conf"]) + rows

    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    container["image"] = _with_image(container["image"])
    container["imagePullPolicy"] = "Never"
    container["resources"]["requests"]["cpu"] = "200m"
    *before, python, program, mode = container["command"]
    assert (python, program) == ("python", f"/opt/rayonspark/{EXAMPLE}")
    container["command"] = [*before, sys.executable, str(CHECKOUT / EXAMPLE), mode]
    _mount(pod, container)
    return [service, configuration, job]


def _with_image(text: str) -> str:
    return text.replace("rayonspark:0.1.0", IMAGE)


def _mount(pod: dict[str, Any], container: dict[str, Any]) -> None:
    for key, value in spark.volumes("driver").items():
        kind, _, rest = key.removeprefix("spark.kubernetes.").partition(".")
        if kind == "driverEnv":
            container["env"].append({"name": rest, "value": value})
        elif rest.endswith(".options.path"):
            name = rest.split(".")[2]
            pod["volumes"].append({"name": name, "hostPath": {"path": value}})
            mount = {"name": name, "mountPath": value, "readOnly": True}
            container["volumeMounts"].append(mount)
    container["env"].append({"name": "PYTHONPATH", "value": PYTHON_PATH})


def test_the_job_completes(kubernetes: Kubernetes, namespace: str) -> None:
    there = f"--namespace={namespace}"
    for manifest in adapted():
        kubernetes.kubectl("apply", there, "--filename=-", input=json.dumps(manifest))

    kubernetes.kubectl(
        "wait", "--for=condition=ready", "pod", "--selector=app=rayonspark-driver", there
    )
    text = kubernetes.kubectl("logs", "--follow", "job/rayonspark-driver", there, limit_s=LIMIT_S)

    kubernetes.kubectl("wait", "--for=condition=complete", "job/rayonspark-driver", there)
    assert "Ray, updates: 21 = 2 workers * 10 + 1 trial call" in text
    assert "computed by 2 executor process(es)" in text
    assert "orbidden" not in text
    assert kubernetes.get("pods", namespace, "spark-role=executor") == []
