"""Free ports for nodes that are started by hand."""

from __future__ import annotations

import itertools
import os
import socket

FIRST, LAST = 20_000, 30_000
"""Below Linux's usual ephemeral range, so that no outgoing connection takes a port meanwhile."""


class HeldPorts:
    """The ports of one node, held by listening until `release`, just before the node starts."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._sockets: list[socket.socket] = []
        start = FIRST + os.getpid() * 37 % (LAST - FIRST)
        self._numbers = itertools.chain(range(start, LAST), range(FIRST, start))

    def reserve(self) -> int:
        """Reserve and return a port that no other process uses."""
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
        """Release all reserved ports."""
        for held in self._sockets:
            held.close()
