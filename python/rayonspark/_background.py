"""Work in a background thread, so that Ctrl-C can interrupt the thread that waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")

_LOG = logging.getLogger("rayonspark")

UNDO_S = 10.0
"""Longest time, in seconds, that an interrupted caller waits for the undo of its work."""


def in_background(name: str, work: Callable[[], T]) -> Future[T]:
    """Run `work` in a daemon thread of this name.

    A KeyboardInterrupt in the middle of a py4j call leaves the response unread in the thread's
    connection, and the next call reads it as its own. Long calls therefore run in a background
    thread. The caller waits for the future, and that wait can be interrupted at any time.
    """
    future: Future[T] = Future()
    _start(name, work, future)
    return future


def undone_if_interrupted(name: str, work: Callable[[], T], undo: Callable[[T], None]) -> T:
    """Run `work` like `in_background`, wait for it, and undo it if the wait is interrupted.

    Parameters
    ----------
    name : str
        Name of the thread.
    work : callable
        Must be short, and must leave nothing behind when it fails.
    undo : callable
        Receives the result of `work`, in a second thread of the same name. The interruption
        propagates when `undo` has returned, and after `UNDO_S` at the latest.

    Returns
    -------
    T
        The result of `work`.
    """
    future: Future[T] = Future()
    try:
        _start(name, work, future)
        return future.result()
    except BaseException:
        # Work that has not started yet never starts once its future is cancelled.
        if not future.cancel():
            wait([in_background(name, lambda: _undo(future, undo))], UNDO_S)
        raise


def _start(name: str, work: Callable[[], T], future: Future[T]) -> None:
    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()


def _undo(future: Future[T], undo: Callable[[T], None]) -> None:
    if future.exception() is not None:
        return
    try:
        undo(future.result())
    except Exception:
        _LOG.exception("Could not undo what an interrupted call had started.")
