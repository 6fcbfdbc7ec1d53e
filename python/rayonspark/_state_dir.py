"""State directories of RayOnSpark's standalone clusters. They hold the executors' logs."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO

from rayonspark._user_dirs import state_directory

_PREFIX = "standalone-"
_KEPT = 5
_LOCK = "lock"


class StateDirectory:
    """The state directory of one standalone cluster.

    It is not a temporary directory, because its logs outlive the cluster. Only the newest few are
    kept. A running process holds the lock of its directory, which is therefore never removed.
    """

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls) -> StateDirectory:
        """Create a new directory with mode 0700, and remove the oldest unused ones."""
        home = state_directory()
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        lock = (path / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_old(home)
        return cls(path, lock)

    def release(self) -> None:
        """Allow a later start to remove the directory. Idempotent."""
        self._lock.close()


def _remove_old(home: Path) -> None:
    newest_first = sorted(home.glob(f"{_PREFIX}*"), key=_modified, reverse=True)
    for path in newest_first[_KEPT:]:
        if _is_free(path):
            shutil.rmtree(path, ignore_errors=True)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_free(path: Path) -> bool:
    try:
        with (path / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
