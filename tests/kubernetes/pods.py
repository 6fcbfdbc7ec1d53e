"""The pods of an application, as the tests look at them."""

from __future__ import annotations

from typing import Any

import psutil
from cluster.leftovers import command_line

from .cluster import Kubernetes


def executor_pods(
    kubernetes: Kubernetes, application: str, namespace: str = "default"
) -> dict[str, dict[str, Any]]:
    """By the executors' ids."""
    selector = f"spark-app-selector={application},spark-role=executor"
    found = kubernetes.get("pods", namespace, selector)
    return {pod["metadata"]["labels"]["spark-exec-id"]: pod for pod in found}


def processes(kubernetes: Kubernetes, pod: dict[str, Any], word: str) -> list[psutil.Process]:
    """The processes of a pod that have a word in their command line."""
    found = [psutil.Process(pid) for pid in kubernetes.pids_of(pod)]
    return [process for process in found if word in command_line(process)]
