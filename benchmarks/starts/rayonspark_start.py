"""RayOnSpark itself, called as by a user with a running session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starts.request import CORES_PER_EXECUTOR, OBJECT_STORE_BYTES, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class RayOnSparkStart:
    """One `RayCluster.start` with the default authentication, a token."""

    auth_mode = ""
    """Not set, in order to measure RayOnSpark's default, one token per cluster."""

    slots_error = "PlacementException"

    def __init__(self) -> None:
        self._cluster: Any = None

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Return when `RayCluster.start` does; it connects the calling process."""
        from rayonspark import RayCluster

        fields: dict[str, Any] = {
            "object_store_memory": OBJECT_STORE_BYTES,
            "dashboard": request.dashboard,
            "temp_dir": request.node_temp_dir,
        }
        if request.scenario != "local":
            # One node more than there can be executors, in order to time the error.
            missing = 1 if request.scenario == "slots" else 0
            fields |= {"num_nodes": request.nodes + missing, "cpus_per_node": CORES_PER_EXECUTOR}
        self._cluster = RayCluster.start(spark, **fields)
        return {}

    def stop(self) -> None:
        """Stop the cluster, which first disconnects this process."""
        if self._cluster is not None:
            self._cluster.stop()
