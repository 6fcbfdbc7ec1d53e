"""The thread that disconnects this process from Ray before the cluster's end ends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rayonspark.errors import RayOnSparkException

_LOG = logging.getLogger("rayonspark")


class EndingWatch:
    """Waits for the end of a cluster, whoever causes it, and then calls `on_ending` once.

    A connected driver is ended by Ray, with exit code 1 and no traceback, when GCS stays away. So
    somebody has to disconnect in time, also when the end comes by ``spark.stop()``, by a head that
    failed, or by a JVM that is gone.

    Parameters
    ----------
    cluster_id : str
        Names the thread and the log lines.
    await_ending : callable
        Blocks until the cluster stops, fails or cannot be asked any more; gives its state.
    on_ending : callable
        Disconnects; called in the watch's own daemon thread.
    """

    def __init__(
        self, cluster_id: str, await_ending: Callable[[], str], on_ending: Callable[[], None]
    ) -> None:
        self._cluster_id = cluster_id
        self._await_ending = await_ending
        self._on_ending = on_ending
        self._thread = threading.Thread(
            target=self._run, name=f"rayonspark-watch-{cluster_id}", daemon=True
        )

    def start(self) -> None:
        """Begin to watch; a second call does nothing."""
        if self._thread.ident is None:
            self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until the watch has seen the end; at once when it never began, or from itself."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            state = self._await_ending()
        except RayOnSparkException as error:
            state = str(error)
        if state not in ("stopping", "stopped"):
            _LOG.warning("Ray cluster %s has ended: %s", self._cluster_id, state)
        try:
            self._on_ending()
        except Exception:
            _LOG.exception("Ray cluster %s: disconnecting failed.", self._cluster_id)
