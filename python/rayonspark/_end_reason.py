"""Why the connection to a cluster ended; every later call raises it."""

from __future__ import annotations

from dataclasses import dataclass

from rayonspark.errors import ClusterStoppedException, RayOnSparkException

_NEXT_STEP = "Start a new one with RayCluster.start(), or call ray.init() to use another Ray."


@dataclass(frozen=True)
class EndReason:
    """Why a cluster, or only this process's connection to it, ended.

    Parameters
    ----------
    cluster_id : str
        Id of the cluster that this process was connected to.
    failure : RayOnSparkException, optional
        The error that ended the cluster. Default: None, which means that the end was requested.
    cluster_runs : bool, optional
        Whether the cluster keeps running without this process. Default: False.
    """

    cluster_id: str
    failure: RayOnSparkException | None = None
    cluster_runs: bool = False

    def error(self) -> ClusterStoppedException:
        """Return a new error, since several threads may each raise one."""
        error = ClusterStoppedException(self._text())
        error.__cause__ = self.failure
        return error

    def _text(self) -> str:
        if self.failure is not None:
            return f"Ray cluster {self.cluster_id} failed: {self.failure} {_NEXT_STEP}"
        if self.cluster_runs:
            return (
                f"This process has disconnected from Ray cluster {self.cluster_id}. Call its "
                "connect() to reconnect, or ray.init() to use another Ray."
            )
        return f"Ray cluster {self.cluster_id} was stopped. {_NEXT_STEP}"
