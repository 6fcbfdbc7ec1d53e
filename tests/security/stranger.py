"""Tries, as another user of the host, to reach each given path, and prints those it reached.

Run it as root with the user's id, and the paths on stdin. It first drops root's privileges.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path


def attempts(path: str, mode: int) -> dict[str, Callable[[], object]]:
    """All ways to reach a file of that kind."""
    tried: dict[str, Callable[[], object]] = {"look at": lambda: os.lstat(path)}
    if stat.S_ISDIR(mode):
        tried["list"] = lambda: os.listdir(path)
        tried["write into"] = lambda: Path(path, "planted").touch()
        tried["replace"] = lambda: os.rename(path, path + ".old")
    elif stat.S_ISSOCK(mode):
        tried["connect to"] = lambda: socket.socket(socket.AF_UNIX).connect(path)
    elif stat.S_ISREG(mode):
        tried["read"] = lambda: os.close(os.open(path, os.O_RDONLY))
        tried["write"] = lambda: os.close(os.open(path, os.O_WRONLY))
        tried["remove"] = lambda: os.unlink(path)
    return tried


def main() -> None:
    uid = int(sys.argv[1])
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    outer, inner = json.load(sys.stdin)
    reached = []
    for path, mode in [*outer, *inner]:
        for what, attempt in attempts(path, mode).items():
            # Anyone may see that an outer directory exists.
            if what == "look at" and [path, mode] in outer:
                continue
            try:
                attempt()
                reached.append(f"{what} {path}")
            except PermissionError:
                pass
            except OSError as error:
                reached.append(f"{what} {path}: {error}")
    print(json.dumps(reached))


if __name__ == "__main__":
    main()
