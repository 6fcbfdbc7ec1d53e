"""Work beside the calling thread, which then waits in a way that Ctrl-C can end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(name: str, work: Callable[[], T]) -> Future[T]:
    """Run `work` in a daemon thread of this name.

    A KeyboardInterrupt in the middle of a py4j call leaves its answer unread in the thread's
    connection, and the next call reads it as its own. So calls that may take long run here, and
    the caller waits for the future: that can be interrupted at any time.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
