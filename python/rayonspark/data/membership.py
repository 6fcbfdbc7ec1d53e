"""Tells RayOnSpark's own threads, before they call Ray, whether this process is in its cluster."""

from __future__ import annotations

import threading
from types import TracebackType

from rayonspark.errors import ClusterStoppedException

LEAVE_S = 2.0
"""How long `leave` waits for a call; a longer one fails by itself when the process disconnects."""


class Membership:
    """Lets calls to Ray through while this process is in the cluster, and none afterwards.

    Almost every call to Ray from a process that is in no cluster starts a local cluster. So a
    thread that may outlive the connection makes its calls inside this context manager: the process
    leaves the cluster either before the call, which then raises, or after it. Only short calls
    belong inside, because `leave` waits for them. Safe from any thread; not reentrant.

    Parameters
    ----------
    cluster_id : str
        For error messages.

    Raises
    ------
    ClusterStoppedException
        On entry, if this process has left the cluster.
    """

    def __init__(self, cluster_id: str) -> None:
        self._id = cluster_id
        self._lock = threading.Lock()
        self._gcs_address = _gcs_address()
        self._left = self._gcs_address is None

    def __enter__(self) -> None:
        self._lock.acquire()
        # The user's own code may call ray.shutdown() and connect to another cluster.
        if self.over:
            self._lock.release()
            raise self.error()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()

    @property
    def over(self) -> bool:
        """Whether this process has left the cluster."""
        return self._left or _gcs_address() != self._gcs_address

    def leave(self) -> None:
        """Block all calls to Ray from now on. Idempotent."""
        waited = self._lock.acquire(timeout=LEAVE_S)
        self._left = True
        if waited:
            self._lock.release()

    def error(self) -> ClusterStoppedException:
        """Return the error that says that this process has left the cluster."""
        return ClusterStoppedException(
            f"This process has left Ray cluster {self._id} during a transfer. Connect again, then "
            "repeat the transfer."
        )


def _gcs_address() -> str | None:
    import ray
    from ray.exceptions import RaySystemError

    # ray.get_runtime_context() would start a cluster if the process left at this moment.
    from ray.runtime_context import get_runtime_context

    if not ray.is_initialized():
        return None
    try:
        return str(get_runtime_context().gcs_address)
    except RaySystemError:
        return None
