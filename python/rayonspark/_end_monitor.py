"""The thread that disconnects this process from Ray before the end of the cluster kills it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rayonspark._end_reason import EndReason
from rayonspark.errors import RayOnSparkException

_LOG = logging.getLogger("rayonspark")


class EndMonitor:
    """Waits for the end of a cluster, whatever its cause, and then calls `on_end` once.

    When GCS goes away and does not come back, Ray kills a connected driver with exit code 1 and no
    traceback. This thread disconnects the driver before that, also when the cluster ends because
    of ``spark.stop()``, a failed head or a dead JVM.

    Parameters
    ----------
    cluster_id : str
        Appears in the thread's name and in log lines.
    await_ending : callable
        Blocks until the cluster stops or fails, and returns its state. Raises when the JVM does not
        respond any more.
    read_failure : callable
        Returns the error that ended the cluster; None when the end was requested.
    on_end : callable
        Disconnects. Called with the :class:`EndReason` in the monitor's daemon thread.
    """

    def __init__(
        self,
        cluster_id: str,
        await_ending: Callable[[], str],
        read_failure: Callable[[], RayOnSparkException | None],
        on_end: Callable[[EndReason], None],
    ) -> None:
        self._cluster_id = cluster_id
        self._await_ending = await_ending
        self._read_failure = read_failure
        self._on_end = on_end
        self._thread = threading.Thread(
            target=self._run, name=f"rayonspark-watch-{cluster_id}", daemon=True
        )

    def start(self) -> None:
        """Start the thread. A second call does nothing."""
        if self._thread.ident is None:
            self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until the thread has ended, for at most `timeout_s` seconds.

        Returns at once when the thread was never started, and when the caller is the thread itself.
        """
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        failure = self._await_failure()
        if failure is not None:
            _LOG.error("Ray cluster %s failed: %s", self._cluster_id, failure)
        try:
            self._on_end(EndReason(self._cluster_id, failure))
        except Exception:
            _LOG.exception("Ray cluster %s: disconnecting failed.", self._cluster_id)

    def _await_failure(self) -> RayOnSparkException | None:
        try:
            state = self._await_ending()
            _LOG.debug("Ray cluster %s is %s.", self._cluster_id, state)
            return self._read_failure()
        except RayOnSparkException as error:
            return error
        except Exception as error:
            # Without an answer, GCS may be about to go away. Disconnect to be safe.
            failure = RayOnSparkException(f"The JVM did not return its state: {error!r}.")
            failure.__cause__ = error
            return failure
