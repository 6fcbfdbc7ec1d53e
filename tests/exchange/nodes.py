"""The processes of a cluster's nodes on this machine."""

from __future__ import annotations

import psutil
from cluster.leftovers import child_named
from rayonspark import RayCluster


def raylet_of(cluster: RayCluster, executor_id: str) -> psutil.Process:
    """Return the raylet next to that executor."""
    (node,) = (node for node in cluster.nodes if node.executor_id == executor_id)
    return child_named(node.pid, "raylet")
