"""This process's connection to one Ray cluster."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from rayonspark._end_reason import EndReason
from rayonspark._ray import auto_init, head_node
from rayonspark._ray.calls import LEAVE_S, Calls
from rayonspark._ray.process import check_arguments, initialized, load, require_free
from rayonspark.errors import RayOnSparkException

_LOG = logging.getLogger("rayonspark")
_AUTH_VARIABLES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
_OPENING = threading.Lock()
"""Held by the thread of this process that is in ``ray.init``; there is at most one."""


class RayConnection:
    """This process's connection to one cluster, with the environment that its token needs.

    It opens once, and closes once for good.

    Parameters
    ----------
    environment : mapping of str to str
        What ``RayCluster.env`` returns: the address, the authentication mode and the token.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment["RAY_ADDRESS"]
        self._ours = {name: environment.get(name) for name in _AUTH_VARIABLES}
        self._before: dict[str, str | None] | None = None
        self._gcs_address: str | None = None
        self._address_info: dict[str, Any] = {}
        self._calls = Calls()
        self._abandoned = False
        self._lock = threading.RLock()

    @property
    def is_open(self) -> bool:
        """Whether this process is connected to this cluster."""
        if self._gcs_address is None or self._calls.ended or not initialized():
            return False
        return bool(load().get_runtime_context().gcs_address == self._gcs_address)

    @property
    def address_info(self) -> dict[str, Any]:
        """What ``ray.init`` returned about the node that it joined; empty if not connected."""
        return dict(self._address_info) if self.is_open else {}

    def open(self, ray_init: Mapping[str, Any]) -> None:
        """Connect; Ray's own errors pass through, and restore the environment.

        Blocks inside Ray, where Ctrl-C has no effect, so call it in a separate thread.
        """
        check_arguments(ray_init)
        if not _OPENING.acquire(blocking=False):
            raise RayOnSparkException(
                "An earlier connect() of this process still waits for its cluster in ray.init(). "
                "It ends by itself. Call connect() again later."
            )
        try:
            require_free()
            self._take_environment()
            self._init(ray_init)
        finally:
            _OPENING.release()

    def _init(self, ray_init: Mapping[str, Any]) -> None:
        try:
            ray = load()
            auto_init.lift()
            with _silent_about_sigterm(), head_node.preferred():
                context = ray.init(address=self._address, **ray_init)
            _ask_gcs_for_the_autoscaler()
            worker: Any = import_module("ray._private.worker").global_worker
            self._calls.guard(worker)
            with self._lock:
                self._address_info = dict(context.address_info)
                self._gcs_address = ray.get_runtime_context().gcs_address
                if self._abandoned:
                    raise ConnectionAbortedError("no thread waits for this connection any more")
        except BaseException:
            # The process was not connected before, so a half-open connection is this one.
            if initialized():
                load().shutdown()
            self._forget()
            raise

    def abandon(self, ending: EndReason) -> None:
        """Close the connection now, or let :meth:`open` close it if ``ray.init`` still runs."""
        with self._lock:
            self._abandoned = True
            opened = self._gcs_address is not None
        if opened:
            self.close(ending)

    def close(self, ending: EndReason) -> None:
        """Disconnect if this process is still in this cluster, and restore the environment.

        Pending calls to Ray raise the error of `ending`, in every thread, before Ray frees what
        they use. So do later calls, until the user starts or joins another Ray. Idempotent, and
        safe from any thread. Does not touch a connection that the user has since made to another
        cluster.
        """
        with self._lock:
            if not self.is_open:
                self._forget()
                return
            barrier = auto_init.AutoInitBarrier.set_up(ending)
            inside = self._calls.end(ending)

            def shut_down() -> None:
                try:
                    load().shutdown()
                finally:
                    barrier.closed()
                    self._forget()

            if not inside:
                shut_down()
                return
            _LOG.error(
                "%d calls to Ray did not return within %g s of the end of their cluster, in the "
                "threads %s. This process stays connected until they do. Ray ends it with status 1 "
                "if its GCS does not come back: %s",
                len(inside),
                LEAVE_S,
                ", ".join(inside),
                ending.error(),
            )
            self._calls.when_left(shut_down)

    def _forget(self) -> None:
        with self._lock:
            self._gcs_address = None
            self._address_info = {}
            self._restore_environment()

    def _take_environment(self) -> None:
        if self._before is None:
            self._before = {name: os.environ.get(name) for name in _AUTH_VARIABLES}
        for name, value in self._ours.items():
            _set_variable(name, value)
        _reread_authentication()

    def _restore_environment(self) -> None:
        if self._before is None:
            return
        for name, value in self._before.items():
            # Keep a value that other code has set since then.
            if os.environ.get(name) == self._ours[name]:
                _set_variable(name, value)
        self._before = None
        if not initialized():
            _reread_authentication()


def exit_on_sigterm() -> None:
    """Make SIGTERM end this process by ``sys.exit``, as ``ray.init`` does in the main thread.

    Here ``ray.init`` runs in another thread, where it cannot set a signal handler. Without one, no
    exit handler would run.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))


@contextmanager
def _silent_about_sigterm() -> Iterator[None]:
    """Suppress the message of ``ray.init`` about the handler that :func:`exit_on_sigterm` sets."""

    def keep(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("SIGTERM handler is not set")

    logger = logging.getLogger("ray._private.worker")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)


def _ask_gcs_for_the_autoscaler() -> None:
    """Let Ray ask GCS now what its thread for logs asks with the autoscaler's first line.

    If GCS has died by then, that thread waits for it, ``ray.shutdown()`` waits for that thread, and
    after a minute Ray ends the process. Uses private API of Ray, which remembers the answer.
    """
    try:
        import_module("ray.autoscaler.v2.utils").is_autoscaler_v2()
    except (ImportError, AttributeError):
        _LOG.debug("This Ray has another way to find the version of its autoscaler.")


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _reread_authentication() -> None:
    """Make Ray in this process read RAY_AUTH_* from the environment again (private API).

    Ray before 2.52 has no tokens, and so nothing to read again.
    """
    raylet: Any = import_module("ray._raylet")
    tokens = getattr(raylet, "AuthenticationTokenLoader", None)
    if tokens is not None:
        raylet.Config.initialize("")
        tokens.instance().reset_cache()
