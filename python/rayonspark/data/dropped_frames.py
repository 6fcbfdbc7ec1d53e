"""Collects garbage while Ray holds Datasets of DataFrames that were dropped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from rayonspark._background import in_background

_LOG = logging.getLogger("rayonspark")

SETTLE_S = 0.2
"""DataFrames that are dropped together share a collection."""
PAUSE_S = 1.0
RARE_S = 60.0
WORTHWHILE_BYTES = 8 << 20
"""Smaller frames wait until they are as much together."""
MOST_IN_VAIN = 8
"""After so many collections, a frame that is still held waits for the next frame."""
MOST_OFTEN = 4
"""Collections take at most one part in so many of the time."""
RAREST = 100
"""Collections in vain take at most one part in so many of the time."""


class DroppedFrames:
    """Frames whose DataFrame this process has dropped.

    Another plan, a view or Spark's cache may still read them, which only Java's garbage collector
    can tell. And the plan of a DataFrame is garbage only when Python's has found the reference
    cycle of its py4j object. An idle process may do neither for an hour. So this runs both while
    there are such frames: soon after one was dropped, then a few times more and more rarely, and
    before the next frame if much may be free. Safe from any thread.

    Parameters
    ----------
    collect : callable
        Collects garbage; frames that nothing reads are then reported as released.
    much : callable
        Returns for how many dropped bytes the next frame waits.
    """

    def __init__(self, collect: Callable[[], None], much: Callable[[], int]) -> None:
        self._collect_garbage = collect
        self._much = much
        self._changed = threading.Condition()
        self._held: dict[str, int] = {}
        self._bytes = 0
        self._runs = False
        self._closed = False
        self._dropped_at = self._ended_at = 0.0
        self._took_s = 0.0
        self._in_vain = 0

    def add(self, frame: str, size: int) -> None:
        """Note that the DataFrame of an open frame of this size, in bytes, was dropped."""
        with self._changed:
            if self._closed:
                return
            self._held[frame] = size
            self._bytes += size
            self._in_vain = 0
            self._dropped_at = time.monotonic()
            self._changed.notify()
            if not self._runs:
                self._runs = True
                in_background("rayonspark-dropped-frames", self._run)

    def released(self, frame: str) -> None:
        """Note that a frame is over, whether it was dropped or not."""
        with self._changed:
            self._held.pop(frame, None)
            self._changed.notify()

    def collect_if_much(self) -> None:
        """Collect now, if much was dropped since the last time, or that was long ago."""
        with self._changed:
            idle_s = time.monotonic() - self._ended_at
            rested = idle_s >= self._took_s * (MOST_OFTEN - 1)
            dropped = sum(self._held.values()) if rested else self._bytes
        if dropped and dropped >= self._much():
            self._collect()

    def close(self) -> None:
        """Collect no more."""
        with self._changed:
            self._closed = True
            self._held.clear()
            self._bytes = 0
            self._changed.notify()

    def _run(self) -> None:
        while self._waits_until_due():
            try:
                self._collect()
            except Exception:
                _LOG.exception("Garbage could not be collected. It will be tried again.")

    def _waits_until_due(self) -> bool:
        """Wait for the next collection; return False when there is nothing to wait for."""
        with self._changed:
            while self._is_worthwhile():
                pause = pause_s(self._took_s, self._in_vain)
                due = max(self._dropped_at + SETTLE_S, self._ended_at + pause)
                left = due - time.monotonic()
                if left <= 0:
                    return True
                self._changed.wait(left)
            self._runs = False
            return False

    def _is_worthwhile(self) -> bool:
        return sum(self._held.values()) >= WORTHWHILE_BYTES and self._in_vain < MOST_IN_VAIN

    def _collect(self) -> None:
        begun = time.monotonic()
        with self._changed:
            self._bytes = 0
            self._in_vain += 1
        try:
            self._collect_garbage()
        finally:
            with self._changed:
                self._ended_at = time.monotonic()
                self._took_s = self._ended_at - begun


def pause_s(took_s: float, in_vain: int) -> float:
    """Return the pause after a collection, the longer the more of them have found nothing."""
    often = max(PAUSE_S, took_s * (MOST_OFTEN - 1)) * (1 << min(max(0, in_vain - 1), 10))
    return min(often, max(RARE_S, took_s * (RAREST - 1)))
