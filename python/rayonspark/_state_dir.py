"""Directories of the standalone clusters that we start: they hold their executors' logs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

_PREFIX = "standalone-"
_KEPT = 5
_LOCK = "lock"


class StateDirectory:
    """A directory of our own that stays for its logs, until later ones take its place.

    It is not in the temp directory, since the logs outlive the cluster. Only the newest few are
    kept; one that is in use by a living process holds its lock and is never removed.
    """

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls) -> StateDirectory:
        """Make a new directory, mode 0700, and remove the oldest unused ones."""
        home = _state_home()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        lock = (path / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_old(home)
        return cls(path, lock)

    def release(self) -> None:
        """Let a later start remove the directory; idempotent."""
        self._lock.close()


def _state_home() -> Path:
    configured = Path(os.environ.get("XDG_STATE_HOME", ""))
    # The specification wants relative paths ignored.
    base = configured if configured.is_absolute() else Path.home() / ".local" / "state"
    return base / "rayonspark"


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
