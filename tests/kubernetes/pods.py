"""The pods of an application, and their processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
from cluster.leftovers import command_line

from .cluster import Kubernetes


def executor_pods(
    kubernetes: Kubernetes, application: str, namespace: str = "default"
) -> dict[str, dict[str, Any]]:
    """The pods of an application's executors, by executor id."""
    selector = f"spark-app-selector={application},spark-role=executor"
    found = kubernetes.get("pods", namespace, selector)
    return {pod["metadata"]["labels"]["spark-exec-id"]: pod for pod in found}


def process(kubernetes: Kubernetes, pod: dict[str, Any], program: str) -> psutil.Process:
    """The one process of a pod that runs a program of that name."""
    found = [psutil.Process(pid) for pid in kubernetes.pids_of(pod)]
    (one,) = (p for p in found if Path(command_line(p).partition(" ")[0]).name == program)
    return one
