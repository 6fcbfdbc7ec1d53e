"""RayOnSpark itself, called as a user with a running session calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starts.request import CORES_PER_EXECUTOR, OBJECT_STORE_BYTES, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class RayOnSparkStart:
    """One `RayCluster.start` with the token that is its default."""

    auth_mode = ""
    """Nothing is set: the product's own default (a token per cluster) is what is measured."""

    slots_error = "PlacementException"

    def __init__(self) -> None:
        self._cluster: Any = None

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Return when `RayCluster.start` does: it connects the calling process."""
        from rayonspark import RayCluster

        fields: dict[str, Any] = {
            "object_store_memory": OBJECT_STORE_BYTES,
            "dashboard": request.dashboard,
            "temp_dir": request.node_temp_dir,
        }
        if request.scenario != "local":
            # One node more than there can ever be executors: the error is what is timed.
            missing = 1 if request.scenario == "slots" else 0
            fields |= {"num_nodes": request.nodes + missing, "cpus_per_node": CORES_PER_EXECUTOR}
        self._cluster = RayCluster.start(spark, **fields)
        return {}

    def stop(self) -> None:
        """Stop the cluster; it disconnects this process first."""
        if self._cluster is not None:
            self._cluster.stop()
