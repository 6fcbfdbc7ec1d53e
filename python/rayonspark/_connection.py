"""The connection of this process to one cluster, which closes when the cluster ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from typing import Any

from rayonspark import _ray
from rayonspark._background import in_background
from rayonspark._end_monitor import EndMonitor
from rayonspark._end_reason import EndReason
from rayonspark._jvm import JvmCluster
from rayonspark.errors import ClusterStoppedException, RayOnSparkException

_LOG = logging.getLogger("rayonspark")
_MONITOR_JOIN_S = 2.0
_ENDED = ("stopping", "stopped", "failed")


class ClusterConnection:
    """Connects this process to a cluster, and disconnects it on request or when the cluster ends.

    Parameters
    ----------
    handle : JvmCluster
        The JVM's half of the cluster.
    enter_data : callable
        Called when the connection is open.
    leave_data : callable
        Ends the transfers that use the connection. Called before the connection closes.
    """

    def __init__(
        self, handle: JvmCluster, enter_data: Callable[[], None], leave_data: Callable[[], None]
    ) -> None:
        self._handle = handle
        self._id = handle.id()
        self._enter_data = enter_data
        self._leave_data = leave_data
        self.lock = threading.RLock()
        # Held while Ray connects, which may take long. Stopping the cluster does not need it.
        self._connecting = threading.Lock()
        self._current: _ray.RayConnection | None = None
        self._attached = False
        self._ended: Future[EndReason] = Future()
        self._monitor = EndMonitor(self._id, handle.await_ending, handle.failure, self.end)

    @property
    def is_open(self) -> bool:
        """Whether this process is connected to the cluster."""
        current = self._current
        return current is not None and current.is_open

    @property
    def address_info(self) -> dict[str, Any]:
        """The address information from ``ray.init``; empty when this process is not connected."""
        current = self._current
        return current.address_info if current is not None else {}

    @property
    def failure(self) -> RayOnSparkException | None:
        """The error that ended the cluster; None while it runs and after a requested end."""
        if self._ended.done():
            return self._ended.result().failure
        try:
            return self._handle.failure()
        except ClusterStoppedException as gone:
            return gone

    def open(self, ray_init: Mapping[str, Any]) -> None:
        """Connect: see :meth:`RayCluster.connect`."""
        with self._connecting:
            with self.lock:
                if self.is_open and not ray_init:
                    return
                self._require_running()
                _ray.require_free()
                if self._current is not None:
                    # The user has called ray.shutdown(): only the environment is left to restore.
                    self._current.close(EndReason(self._id, cluster_runs=True))
                self._monitor.start()
            connection = _ray.RayConnection(self._handle.environment())
            opening = in_background("rayonspark-connect", lambda: connection.open(ray_init))
            try:
                # Ray limits its own wait. This one also ends when the monitor sees the cluster end.
                waited: list[Future[Any]] = [opening, self._ended]
                wait(waited, return_when=FIRST_COMPLETED)
                with self.lock:
                    if self._ended.done():
                        raise self._ended.result().error()
                    opening.result()
                    self._current = connection
                    _ray.exit_on_sigterm()
                    self._attach()
                # Not below the lock: it waits for an import of Ray Data in another thread.
                self._enter_data()
            except BaseException:
                connection.abandon(EndReason(self._id, self.failure, cluster_runs=True))
                self._leave_data()
                raise

    def leave(self) -> None:
        """Disconnect: see :meth:`RayCluster.disconnect`."""
        self._leave(EndReason(self._id, cluster_runs=True))

    def end(self, reason: EndReason | None = None) -> None:
        """Disconnect for good, because the cluster has ended or is about to. Idempotent."""
        with self.lock:
            if not self._ended.done():
                self._ended.set_result(reason or EndReason(self._id, self._known_failure()))
            self._leave(self._ended.result())

    def join(self) -> None:
        """Wait until the monitor's thread has ended, for at most 2 s."""
        self._monitor.join(_MONITOR_JOIN_S)

    def _known_failure(self) -> RayOnSparkException | None:
        try:
            return self._handle.failure()
        except RayOnSparkException:
            _LOG.debug("Ray cluster %s: its JVM does not report what ended it.", self._id)
            return None

    def _require_running(self) -> None:
        if self._ended.done():
            raise self._ended.result().error()
        if self._handle.state() in _ENDED:
            raise EndReason(self._id, self._handle.failure()).error()

    def _attach(self) -> None:
        if not self._attached:
            self._handle.client_attached()
            self._attached = True

    def _leave(self, reason: EndReason) -> None:
        with self.lock, ExitStack() as steps:
            # The steps run in reverse order, and each one runs even when another one fails.
            current, self._current = self._current, None
            if self._attached:
                self._attached = False
                steps.callback(self._report_detached)
            if current is not None:
                steps.callback(current.close, reason)
            steps.callback(self._leave_data)

    def _report_detached(self) -> None:
        try:
            self._handle.client_detached()
        except ClusterStoppedException:
            _LOG.debug("Ray cluster %s: its JVM is gone and needs no notification.", self._id)
