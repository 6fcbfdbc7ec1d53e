"""A node's own directory: its lock, the logs that outlive it, its removal, and what others left.

Needs nothing but the standard library, and Python 3.8.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOG_LIMIT_BYTES = 64 << 20
LOG_FILE_LIMIT_BYTES = 8 << 20
LOG_LIMIT_S = 1.0
TAIL_LINES = 30
TAIL_LIMIT_BYTES = 4000
# What NodeDirs calls a node's directory, and nothing else: a base directory has other tenants.
NAME = re.compile("ros-[a-z0-9]{6}")
# A directory without a lock may belong to a guard that is about to take it.
UNLOCKED_AGE_S = 3600.0


def hold_lock(directory: Path) -> None:
    """Marks the directory as in use for as long as this process lives."""
    unnamed = directory / "lock.tmp"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Named only now: a sweeper that finds the file finds it locked.
    unnamed.rename(directory / "lock")


def note_companions(directory: Path, companions: list[str]) -> None:
    """Writes down which directories go with this one, for a sweeper that finds it orphaned."""
    (directory / "companions.json").write_text(json.dumps(companions))


def sweep(own: Path) -> None:
    """Removes what nodes left behind whose guard had no time to: a pod or a cgroup died whole."""
    for path in own.parent.iterdir():
        if path != own and NAME.fullmatch(path.name):
            try:
                _sweep_one(path)
            except FileNotFoundError:
                pass  # its guard has just removed it
            except OSError as error:
                sys.stderr.write(f'Cannot sweep "{path}": {error}\n')


def _sweep_one(path: Path) -> None:
    info = path.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        return
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        if time.time() - info.st_mtime > UNLOCKED_AGE_S:
            remove(path)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for companion in _companions(path):
            remove(Path(companion))
        remove(path)
    except BlockingIOError:
        pass  # its guard lives
    finally:
        os.close(lock)


def _companions(directory: Path) -> list[str]:
    try:
        noted: list[str] = json.loads((directory / "companions.json").read_text())
    except (FileNotFoundError, ValueError):
        return []
    return noted


def remove(directory: Path) -> str | None:
    """Removes a whole tree, its lock last. Returns what went wrong as a sentence, or None."""
    try:
        for path in sorted(directory.iterdir(), key=lambda path: path.name == "lock"):
            _remove_one(path, onerror=_unlock_and_retry)
        directory.rmdir()
    except FileNotFoundError:
        pass  # it never was, or somebody else was quicker
    except OSError as error:
        return f'Directory "{directory}" could not be removed: {error}.'
    return None


def _remove_one(path: Path, onerror: Any = None) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=onerror)
    elif os.path.lexists(path):
        path.unlink()


def _unlock_and_retry(_function: Any, name: str, _failure: Any) -> None:
    path = Path(name)
    # A user's runtime environment may have made its own directories read-only.
    for locked in (path.parent, path):
        if locked.is_dir() and not locked.is_symlink():
            locked.chmod(0o700)
    _remove_one(path)


def keep_logs(directory: Path, target: Path, prefix: str) -> str | None:
    """Copies the ends of Ray's logs to where they stay, within a bound of bytes and of time.

    Without a prefix `target` is theirs, and is made. With one it is others' too: the copies lie
    flat in it, and where it is gone, whoever collects the logs has been there already.

    Returns what went wrong as a sentence, or None.
    """
    if prefix and not target.is_dir():
        return f'Directory "{target}", where Ray\'s logs belong, is gone.'
    budget, give_up_at = LOG_LIMIT_BYTES, time.monotonic() + LOG_LIMIT_S
    try:
        # The short ones first: one that is huge must not push out the others.
        for size, path, name in sorted(_logs_of(directory)):
            if time.monotonic() >= give_up_at:
                return f'Ray\'s logs were not all copied to "{target}" in {LOG_LIMIT_S} s.'
            copy = target / (prefix + name.replace("/", "-") if prefix else name)
            if not prefix:
                copy.parent.mkdir(parents=True, exist_ok=True)
            budget -= _copy_end(path, size, min(LOG_FILE_LIMIT_BYTES, budget), copy)
    except OSError as error:
        return f'Ray\'s logs could not be copied to "{target}": {error}.'
    return None


def _logs_of(directory: Path) -> Iterator[tuple[int, Path, str]]:
    """Yields (size, path, name to keep it under) of every log file of the node."""
    places = [(directory, directory / name) for name in ("ray.out", "guard.err")]
    for session in directory.glob("session_*"):
        if not session.is_symlink():
            logs = session / "logs"
            places += [(logs, path) for path in logs.rglob("*")]
    for root, path in places:
        info = path.lstat()
        if stat.S_ISREG(info.st_mode):
            yield info.st_size, path, str(path.relative_to(root))


def _copy_end(path: Path, size: int, limit: int, copy: Path) -> int:
    with path.open("rb") as source:
        source.seek(max(0, size - limit))
        copy.write_bytes(source.read(limit))
    return min(size, limit)


def read_tail(path: Path) -> list[str]:
    """The last lines of a text file; none where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_LIMIT_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except FileNotFoundError:
        return []
