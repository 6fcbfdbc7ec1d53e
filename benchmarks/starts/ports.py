"""Free ports for nodes that are started by hand."""

from __future__ import annotations

import itertools
import os
import socket

FIRST, LAST = 20_000, 30_000
"""Below Linux's usual ephemeral range, so that no outgoing connection takes a port in between."""


class HeldPorts:
    """One node's ports, listened on until `release`, which is called just before its start."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._sockets: list[socket.socket] = []
        start = FIRST + os.getpid() * 37 % (LAST - FIRST)
        self._numbers = itertools.chain(range(start, LAST), range(FIRST, start))

    def take(self) -> int:
        """A port that nobody else had when it was taken."""
        for number in self._numbers:
            candidate = socket.socket()
            try:
                candidate.bind((self._host, number))
                candidate.listen()
            except OSError:
                candidate.close()
                continue
            self._sockets.append(candidate)
            return number
        raise OSError(f"No free port between {FIRST} and {LAST} on {self._host!r}.")

    def release(self) -> None:
        """Let go of all of them."""
        for held in self._sockets:
            held.close()
