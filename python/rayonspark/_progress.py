"""Shows the progress of a long start to the user."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

QUIET_S = 2.0
DETAIL_S = 10.0


class Progress:
    """Writes the progress of a start to stderr, once per change, after a quiet period.

    What follows a colon is a detail: if only that changes, it is written every ten seconds.

    Parameters
    ----------
    read : callable
        Returns the progress as a sentence; empty when there is none.
    quiet_s : float, optional
        Seconds from now in which nothing is written. Default: 2.
    """

    def __init__(self, read: Callable[[], str], *, quiet_s: float = QUIET_S) -> None:
        self._read = read
        self._quiet_until = time.monotonic() + quiet_s
        self._last = ""
        self._last_at = 0.0

    def show(self) -> None:
        """Write the progress, unless the quiet period lasts or nothing has changed."""
        now = time.monotonic()
        if now < self._quiet_until:
            return
        text = self._read()
        is_detail = text.partition(":")[0] == self._last.partition(":")[0]
        if text and text != self._last and not (is_detail and now < self._last_at + DETAIL_S):
            self._last, self._last_at = text, now
            say(text)


def say(text: str) -> None:
    """Write a line to stderr for the user."""
    sys.stderr.write(f"RayOnSpark: {text}\n")
    sys.stderr.flush()
