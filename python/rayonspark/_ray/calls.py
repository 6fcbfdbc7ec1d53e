"""Guards the calls of this process to Ray, and ends them with their connection.

Uses private API of Ray, checked in 2.41 to 2.60: ``global_worker.core_worker``, through which every
call passes, and ``_raylet.sys``, by which a waiting call checks every second whether Python ends.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from rayonspark._end_reason import EndReason

_LOG = logging.getLogger("rayonspark")
LEAVE_S = 10.0
"""How long calls may take to return at the end; in Ray, a waiting call checks once a second."""

_REMOVALS = ("remove_object_ref_reference", "remove_actor_handle_reference")
_CALLBACKS = ("set_get_async_callback", "set_wait_async_callback")


class _Here(threading.local):
    """Whether this thread is in a guarded call."""

    inside = False


_HERE = _Here()


class Calls:
    """Counts the calls on one connection, so that Ray's core worker is not freed during a call.

    ``ray.shutdown()`` frees the core worker. A thread that waits inside it then reads freed memory:
    it spins forever, or the process dies of a segmentation fault.
    """

    def __init__(self) -> None:
        # Both change only by single dictionary operations, which are atomic in the interpreter.
        # Thread identifiers by call: they are cheaper to get than the threads.
        self._inside: dict[object, int] = {}
        self._callbacks: dict[object, Callable[[Any], Any]] = {}
        self._ending: EndReason | None = None
        self._closer: int | None = None
        self._changed = threading.Condition()
        self._when_left: Callable[[], None] | None = None

    @property
    def ended(self) -> bool:
        """Whether :meth:`end` has been called."""
        return self._ending is not None

    def end(self, ending: EndReason) -> list[str]:
        """Make every pending and later call of other threads raise.

        Only the calling thread may use the connection from here on, in order to close it.

        Returns
        -------
        list of str
            Names of the threads that are still inside a call after the wait.
        """
        self._closer = threading.get_ident()
        self._ending = ending
        self._fail_callbacks(ending)
        raylet: Any = import_module("ray._raylet")
        raylet.sys = _EndingSys()
        try:
            deadline = time.monotonic() + LEAVE_S
            with self._changed:
                # In a signal handler, this thread is itself inside a call: do not wait for it.
                while others := set(self._inside.values()) - {self._closer}:
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        break
        finally:
            raylet.sys = sys
        left_inside = others | set(self._inside.values())
        return sorted(
            thread.name for thread in threading.enumerate() if thread.ident in left_inside
        )

    def when_left(self, action: Callable[[], None]) -> None:
        """Call `action` when the last call has returned, in its thread; at once if none runs."""
        with self._changed:
            self._when_left = action
        self._act_if_left()

    def guard(self, worker: Any) -> None:
        """Route every call of Ray's worker to its core worker through this object."""
        kind: Any = type(worker)
        if not isinstance(vars(kind).get("core_worker"), property):
            worker.__class__ = _guarding(kind)
        worker.core_worker = GuardedCoreWorker(worker.core_worker, self)

    def guarded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method of the core worker that is counted, and that ends with the connection."""

        inside, thread, here = self._inside, threading.get_ident, _HERE

        @wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            # Every call of a program passes here: the code before the method has to be cheap.
            inside[token := object()] = thread()
            nested, here.inside = here.inside, True
            try:
                # Checked after the registration: end() does the two in the opposite order.
                if self._ending is not None and (ending := self._refusal()) is not None:
                    if name in _REMOVALS:
                        return None
                    raise ending.error()
                return method(*arguments, **named)
            except (Exception, SystemExit) as error:
                if (ending := self._refusal()) is None or _is_exit_of_others(error):
                    raise
                raise ending.error() from ending.failure
            finally:
                here.inside = nested
                del inside[token]
                if self._ending is not None:
                    self._act_if_left()

        return call

    def registering(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method that accepts a callback; the connection's end also calls the callback."""

        @wraps(method)
        def call(subject: Any, callback: Callable[[Any], Any], *more: Any, **named: Any) -> Any:
            token = object()
            self._callbacks[token] = callback

            def once(*result: Any) -> Any:
                return callback(*result) if self._callbacks.pop(token, None) else None

            try:
                return method(subject, once, *more, **named)
            except BaseException:
                self._callbacks.pop(token, None)
                raise

        return call

    def _refusal(self) -> EndReason | None:
        return None if threading.get_ident() == self._closer else self._ending

    def _fail_callbacks(self, ending: EndReason) -> None:
        for token in list(self._callbacks):
            callback = self._callbacks.pop(token, None)
            try:
                if callback is not None:
                    callback(_as_ray_error(ending))
            except Exception:
                _LOG.exception("A callback on Ray cluster %s failed.", ending.cluster_id)

    def _act_if_left(self) -> None:
        with self._changed:
            self._changed.notify_all()
            if self._inside or self._when_left is None:
                return
            action, self._when_left = self._when_left, None
            self._closer = threading.get_ident()
        action()


class GuardedCoreWorker:
    """Stands in for Ray's core worker; makes each guarded method on its first use."""

    def __init__(self, core_worker: Any, calls: Calls) -> None:
        self._core_worker = core_worker
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._core_worker, name)
        if not callable(method):
            return method
        call = self._calls.guarded(name, method)
        if name in _CALLBACKS:
            call = self._calls.registering(call)
        # The next lookup finds it without calling this method.
        self.__dict__[name] = call
        return call


@functools.cache
def _guarding(kind: Any) -> Any:
    """Return a subclass of Ray's worker whose core worker is guarded only from the outside.

    Within its own calls, Ray since 2.55 assumes without a check that ``global_worker.core_worker``
    has its own class. With another one, an argument of more than 100 KiB ends the process with
    SIGSEGV.
    """

    class Guarding(kind):  # type: ignore[misc]
        @property
        def core_worker(self) -> Any:
            try:
                found = self.__dict__["core_worker"]
            except KeyError:
                raise AttributeError("core_worker") from None
            raw = _HERE.inside and type(found) is GuardedCoreWorker
            return found._core_worker if raw else found

        @core_worker.setter
        def core_worker(self, core_worker: Any) -> None:
            self.__dict__["core_worker"] = core_worker

        @core_worker.deleter
        def core_worker(self) -> None:
            self.__dict__.pop("core_worker", None)

    return Guarding


class _EndingSys:
    """The module ``sys`` as a waiting call in Ray sees it while the connection ends."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def is_finalizing(self) -> bool:
        return True


def _is_exit_of_others(error: BaseException) -> bool:
    """Return whether a signal handler requested the exit; Ray's own exit has code 0."""
    return isinstance(error, SystemExit) and error.code != 0


def _as_ray_error(ending: EndReason) -> BaseException:
    """Return the error as one that Ray's futures treat as an error, not as a result."""
    import ray

    error = ending.error()
    kind = type(type(error).__name__, (type(error), ray.exceptions.RayError), {})
    both: BaseException = kind(str(error))
    both.__cause__ = error.__cause__
    return both
