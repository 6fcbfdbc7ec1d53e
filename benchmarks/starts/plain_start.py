"""Plain `ray.init(num_cpus=…)`: the lower bound of a start on a laptop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starts.request import LOCAL_CORES, OBJECT_STORE_BYTES, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class PlainStart:
    """Ray started by `ray.init` in this process; Spark runs but is not used."""

    auth_mode = "token"
    slots_error = ""

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Return when `ray.init` does, with the same dashboard setting as the others."""
        import ray

        ray.init(
            num_cpus=LOCAL_CORES,
            object_store_memory=OBJECT_STORE_BYTES,
            # None is the default of Ray and RayOnSpark: the dashboard, if it is installed.
            include_dashboard=None if request.dashboard else False,
            _temp_dir=request.ray_temp_dir,
        )
        return {}

    def stop(self) -> None:
        """Disconnect, which also stops this Ray."""
        import ray

        ray.shutdown()
