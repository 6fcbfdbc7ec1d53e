"""The peer: `ray.util.spark.setup_ray_cluster`, followed by `ray.init`, as its users do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starts.request import CORES_PER_EXECUTOR, OBJECT_STORE_BYTES, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAP_BYTES = 1024 * 1024 * 1024


class PeerStart:
    """`ray.util.spark` with the same CPUs, object store and dashboard as the others."""

    auth_mode = "disabled"
    """It does not support tokens, and a stray token file breaks it unless this mode is set."""

    slots_error = "RuntimeError"

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Set up the cluster, and return when `ray.init` has connected this process."""
        called = time.monotonic()
        import ray
        from ray.util.spark import setup_ray_cluster

        missing = 1 if request.scenario == "slots" else 0
        address, _ = setup_ray_cluster(
            max_worker_nodes=request.nodes + missing,
            num_cpus_worker_node=CORES_PER_EXECUTOR,
            num_gpus_worker_node=0,
            memory_worker_node=HEAP_BYTES,
            memory_head_node=HEAP_BYTES,
            object_store_memory_worker_node=OBJECT_STORE_BYTES,
            object_store_memory_head_node=OBJECT_STORE_BYTES,
            # By default, Ray starts the dashboard if it is installed.
            head_node_options={} if request.dashboard else {"include_dashboard": False},
            ray_temp_root_dir=request.ray_temp_dir,
        )
        returned = time.monotonic() - called
        ray.init(address=address)
        return {"setup_ray_cluster returned": returned}

    def stop(self) -> None:
        """Disconnect, then call the peer's shutdown, which returns before its processes end."""
        import ray
        from ray.util.spark import shutdown_ray_cluster

        ray.shutdown()
        shutdown_ray_cluster()
