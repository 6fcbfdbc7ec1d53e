"""A node's directory: locks it, removes it, and sweeps the directories of dead nodes.

Needs only Python 3.8 and its standard library.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import Any

# Exactly the names that NodeDirs chooses, because others use the base directory too.
NAME = re.compile("ros-[a-z0-9]{6}")
# The names that NodePlanner chooses for a node's other directories.
COMPANION_NAME = re.compile("ros-(stage|spill)-.+")
# A directory without a lock may belong to a guard that is about to lock it.
UNLOCKED_AGE_S = 3600.0
# How long other processes may create files in a directory that is being removed.
REMOVAL_LIMIT_S = 2.0


def hold_lock(directory: Path) -> None:
    """Marks the directory as in use for as long as this process lives."""
    unnamed = directory / "lock.tmp"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Renamed only now, so that a sweeper that finds the file finds it locked.
    unnamed.rename(directory / "lock")


def note_companions(directory: Path, companions: list[str]) -> None:
    """Records the node's other directories, for a sweeper that finds this one orphaned."""
    fd = os.open(directory / "companions.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "w") as file:
        file.write(json.dumps(companions))


def sweep(own: Path) -> None:
    """Removes what nodes left whose guard died with them, as when a pod or cgroup is killed."""
    for path in own.parent.iterdir():
        if path != own and NAME.fullmatch(path.name):
            try:
                _sweep_one(path)
            except FileNotFoundError:
                pass  # Its guard has just removed it.
            except OSError as error:
                sys.stderr.write(f'Cannot sweep "{path}": {error}\n')


def _sweep_one(path: Path) -> None:
    info = path.lstat()
    if not _is_own_directory(info):
        return
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        if time.time() - info.st_mtime > UNLOCKED_AGE_S:
            _report(remove(path))
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Anyone who can write here could have named any directory of this user.
        closed = not info.st_mode & 0o022
        if closed and os.fstat(lock).st_uid == os.geteuid():
            for companion in _companions(path):
                _report(_remove_companion(path, Path(companion)))
        _report(remove(path))
    except BlockingIOError:
        pass  # Its guard is alive.
    finally:
        os.close(lock)


def _report(problem: str | None) -> None:
    if problem:
        sys.stderr.write(f"{problem}\n")


def _companions(directory: Path) -> list[str]:
    try:
        fd = os.open(directory / "companions.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []  # None was recorded, or the file is a link.
    with open(fd) as file:
        if os.fstat(fd).st_uid != os.geteuid():
            return []
        try:
            recorded = json.load(file)
        except ValueError:
            return []
    if not isinstance(recorded, list):
        return []
    return [name for name in recorded if isinstance(name, str)]


def _remove_companion(directory: Path, companion: Path) -> str | None:
    # A companion inside the directory is removed with it.
    if companion.parent == directory:
        return None
    if not COMPANION_NAME.fullmatch(companion.name):
        return f'Directory "{companion}" was not removed: no node uses this name.'
    return remove(companion)


def _is_own_directory(info: os.stat_result) -> bool:
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid()


def remove(directory: Path) -> str | None:
    """Removes a whole tree, its lock last. Returns what went wrong as a sentence, or None."""
    try:
        if not _is_own_directory(directory.lstat()):
            return f'Directory "{directory}" was not removed: it is not a directory of this user.'
        give_up_at = time.monotonic() + REMOVAL_LIMIT_S
        while not _is_removed(directory, give_up_at):
            pass
    except FileNotFoundError:
        pass  # It never existed, or another process has removed it.
    except OSError as error:
        return f'Directory "{directory}" could not be removed: {error}.'
    return None


def _is_removed(directory: Path, give_up_at: float) -> bool:
    """Removes the directory and its content; false if another process adds files meanwhile."""
    for path in sorted(directory.iterdir(), key=lambda path: path.name == "lock"):
        _remove_one(path, onerror=_unlock_and_retry)
    try:
        directory.rmdir()
    except OSError as error:
        # Spark's tasks write into staging until they learn that its node is gone.
        if error.errno != errno.ENOTEMPTY or time.monotonic() >= give_up_at:
            raise
        return False
    return True


def _remove_one(path: Path, onerror: Any = None) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=onerror)
    else:
        # Other processes delete and rename here too, so it may already be gone.
        path.unlink(missing_ok=True)


def _unlock_and_retry(_function: Any, name: str, _failure: Any) -> None:
    path = Path(name)
    # A user's runtime environment may have made its own directories read-only.
    for locked in (path.parent, path):
        if locked.is_dir() and not locked.is_symlink():
            locked.chmod(0o700)
    _remove_one(path)
