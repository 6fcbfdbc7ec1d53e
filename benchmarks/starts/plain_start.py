"""Plain `ray.init(num_cpus=…)`: the floor for a start on a laptop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starts.request import LOCAL_CORES, OBJECT_STORE_BYTES, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class PlainStart:
    """Ray started by `ray.init` in this process; Spark runs beside it, unused."""

    auth_mode = "token"
    slots_error = ""

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Return when `ray.init` does; `include_dashboard` as the others have it."""
        import ray

        ray.init(
            num_cpus=LOCAL_CORES,
            object_store_memory=OBJECT_STORE_BYTES,
            # None is the default of both: the dashboard, where it is installed.
            include_dashboard=None if request.dashboard else False,
            _temp_dir=request.ray_temp_dir,
        )
        return {}

    def stop(self) -> None:
        """Disconnecting is stopping here."""
        import ray

        ray.shutdown()
