"""The Kubernetes cluster that the other tests use: its pods, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from cluster.leftovers import eventually
from cluster.program import Program
from cluster.spark_under_test import SPARK_HOME

from .cgroups import ControlGroup, sweep
from .cluster import Kubernetes
from .image import IMAGE, PAUSE, ROOT_IMAGE
from .machine import CHECKOUT, hierarchies

READY_S = 60


def pod(kubernetes: Kubernetes, name: str, image: str, *argv: str) -> dict[str, Any]:
    """Start a pod with /usr mounted as in Spark's pods, and wait until it runs or has ended."""
    usr = {"name": "usr", "hostPath": {"path": "/usr"}}
    mount = {"name": "usr", "mountPath": "/usr", "readOnly": True}
    container = {
        "name": "it",
        "image": image,
        "imagePullPolicy": "Never",
        "args": list(argv),
        "env": [{"name": "SPARK_HOME", "value": str(SPARK_HOME)}],
        "volumeMounts": [mount],
    }
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": [usr]}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    kubernetes.kubectl("create", "--filename=-", input=json.dumps(manifest))

    def found() -> dict[str, Any]:
        (one,) = (p for p in kubernetes.get("pods") if p["metadata"]["name"] == name)
        return one

    assert eventually(lambda: found()["status"]["phase"] != "Pending", READY_S), found()
    return found()


@pytest.mark.parametrize(("image", "user"), [(IMAGE, "185"), (ROOT_IMAGE, "0")])
def test_a_pod_can_write_to_its_directories_and_resolve_the_clusters_names(
    image: str, user: str, kubernetes: Kubernetes
) -> None:
    script = "touch /tmp/here ~/here here; getent hosts kubernetes.default.svc; id -u; whoami"
    pod(kubernetes, "writes", image, "bash", "-euc", script)

    wait = ("--for=jsonpath={.status.phase}=Succeeded", f"--timeout={READY_S}s")
    kubernetes.kubectl("wait", *wait, "pod/writes")

    said = kubernetes.kubectl("logs", "writes").split()
    kubernetes.kubectl("delete", "pod", "writes")
    assert said == ["10.96.0.1", "kubernetes.default.svc.cluster.local", user, said[-1]]
    assert said[-1] in ("root", "spark")


def test_a_pods_processes_are_known_until_it_is_gone(kubernetes: Kubernetes) -> None:
    running = pod(kubernetes, "sleeps", IMAGE, "sleep", "1000")
    (init, sleep) = sorted(kubernetes.pids_of(running))
    assert Path(f"/proc/{init}/comm").read_text() == "tini\n"

    os.kill(sleep, signal.SIGKILL)

    assert eventually(lambda: not kubernetes.pids_of(running), READY_S)
    kubernetes.kubectl("delete", "pod", "sleeps")


def test_a_killed_run_leaves_nothing_of_its_cluster_behind(tmp_path: Path) -> None:
    run = f"kubectl run it --image={PAUSE} --image-pull-policy=Never"
    wait = f"kubectl wait --for=condition=Ready --timeout={READY_S}s pod/it"
    argv = ["-m", "kubernetes.cluster", "bash", "-c", f"{run}; {wait}; echo TEST up; cat"]
    environment = {"PYTHONPATH": str(CHECKOUT / "tests"), "TMPDIR": str(tmp_path)}
    with contextlib.ExitStack() as stack:
        killed = Program.start([sys.executable, *argv], cwd=tmp_path, env=environment)
        stack.callback(killed.end)
        killed.line()
        children = psutil.Process(killed.process.pid).children(recursive=True)
        names = {child.name() for child in children}
        assert {"containerd-shim-runc-v2", "coredns", "kubelet", "pause"} <= names
        (first,) = (child for child in children if child.parent().name() == "unshare")

        killed.process.kill()

    assert eventually(lambda: not any(child.is_running() for child in children), 10)
    sweep()
    group = ControlGroup.of(first.pid).name
    assert not [root for root in hierarchies() if (root / group).exists()]
