"""What a user sees of a start that takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

QUIET_S = 2.0


class Progress:
    """Writes a start's progress to stderr, once per change, after some quiet time.

    Parameters
    ----------
    read : callable
        Gives the progress as a sentence; empty when there is nothing to say.
    quiet_s : float, optional
        Seconds in which nothing is written. Default: 2.
    """

    def __init__(self, read: Callable[[], str], *, quiet_s: float = QUIET_S) -> None:
        self._read = read
        self._speaks_at = time.monotonic() + quiet_s
        self._last = ""

    def show(self) -> None:
        """Write the progress if it is time, and if it is not what was written last."""
        if time.monotonic() < self._speaks_at:
            return
        text = self._read()
        if text and text != self._last:
            self._last = text
            say(text)


def say(text: str) -> None:
    """Write a line for the user to stderr."""
    sys.stderr.write(f"RayOnSpark: {text}\n")
    sys.stderr.flush()
