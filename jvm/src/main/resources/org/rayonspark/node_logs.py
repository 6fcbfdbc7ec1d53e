"""A node's logs: copies them before its directory is removed, and reads their last lines.

Needs only Python 3.8 and its standard library.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

LOG_LIMIT_BYTES = 64 << 20
LOG_FILE_LIMIT_BYTES = 8 << 20
LOG_LIMIT_S = 1.0
TAIL_LINES = 30
TAIL_LIMIT_BYTES = 4000
CAUSE_FILES = ("gcs_server.err", "raylet.err", "runtime_env_agent.log", "dashboard_agent.log")
CAUSE_LINES = 5
# A Python error, or a line of Ray's C++ processes at level ERROR or FATAL.
ERROR = r"^Traceback|^\w*(Error|Exception)\b|\tERROR | [EC] \d+ \d+\]"
# Ray's temp directory, as RayDirectory.scala names it. Ray opens it to every user of the host (mode
# 0777), so it is inside the node's directory, which stays private.
RAY_DIRECTORY = "r"


def keep_logs(directory: Path, target: Path, prefix: str) -> str | None:
    """Copies the ends of Ray's logs to `target`, within limits of bytes and time.

    Without a prefix, this creates `target` for the logs alone. With a prefix, others share it: the
    copies have flat names, and if it is gone, its logs have already been collected.

    Returns what went wrong as a sentence, or None.
    """
    if prefix and not target.is_dir():
        return f'Directory "{target}", where Ray\'s logs belong, is gone.'
    try:
        if not prefix:
            _make_closed(target)
        root = os.open(target, os.O_DIRECTORY | (0 if prefix else os.O_NOFOLLOW))
        try:
            if not prefix and os.fstat(root).st_uid != os.geteuid():
                raise FileExistsError(target)
            return _copy_logs(directory, root, target, prefix)
        finally:
            os.close(root)
    except FileExistsError:
        return (
            f'Ray\'s logs were not copied to "{target}": someone else has already created it. '
            "Set `log_dir` to a directory that only this user may write to."
        )
    except OSError as error:
        return f'Ray\'s logs could not be copied to "{target}": {error}.'


def _make_closed(directory: Path) -> None:
    """Makes a new directory and its missing parents, only accessible to this user."""
    missing = [directory]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing[1:]):
        # Another node on this host may be making the same directory.
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
    directory.mkdir(mode=0o700)


def _copy_logs(directory: Path, root: int, target: Path, prefix: str) -> str | None:
    budget, give_up_at = LOG_LIMIT_BYTES, time.monotonic() + LOG_LIMIT_S
    # Smallest first, so that a huge one does not use up the limit of all.
    for size, path, name in sorted(_logs_of(directory)):
        if time.monotonic() >= give_up_at:
            return f'Ray\'s logs were not all copied to "{target}" in {LOG_LIMIT_S} s.'
        copy = prefix + name.replace("/", "-") if prefix else name
        # YARN's NodeManager reads a container's logs as a member of the group of their directory.
        mode = 0o640 if prefix else 0o600
        budget -= _copy_end(path, size, min(LOG_FILE_LIMIT_BYTES, budget), copy, root, mode)
    return None


def _logs_of(directory: Path) -> Iterator[tuple[int, Path, str]]:
    """Yields (size, path, name of the copy) of every log file of the node."""
    places = [(directory, directory / name) for name in ("ray.out", "guard.err")]
    for session in (directory / RAY_DIRECTORY).glob("session_*"):
        logs = session / "logs"
        # os.walk follows no link below its root; this makes sure that the root is none either.
        if not session.is_symlink() and not logs.is_symlink():
            places += [
                (logs, Path(above, name)) for above, _, names in os.walk(logs) for name in names
            ]
    for root, path in places:
        try:
            info = path.lstat()
        except FileNotFoundError:
            continue  # Ray rotates its logs while they are copied.
        if stat.S_ISREG(info.st_mode):
            yield info.st_size, path, str(path.relative_to(root))


def _copy_end(path: Path, size: int, limit: int, copy: str, root: int, mode: int) -> int:
    """Copies the end of a file below the directory open as `root`; replaces a link there."""
    *above, name = copy.split("/")
    with contextlib.ExitStack() as opened:
        below = root
        for part in above:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=below)
            below = os.open(part, os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=below)
            opened.callback(os.close, below)
        source = opened.enter_context(open(path, "rb", opener=_open_no_link))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=below)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        kept = opened.enter_context(open(os.open(name, flags, mode, dir_fd=below), "wb"))
        source.seek(max(0, size - limit))
        kept.write(source.read(limit))
    return min(size, limit)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def read_tail(path: Path) -> list[str]:
    """Returns the last lines of a text file; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_LIMIT_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return []


def read_causes(directory: Path) -> list[str]:
    """Returns the last error in the log of each process whose end also ends the node."""
    logs = directory / RAY_DIRECTORY / "session_latest" / "logs"
    causes = []
    for name in CAUSE_FILES:
        lines = read_tail(logs / name) if (logs / name).is_file() else []
        found = [number for number, line in enumerate(lines) if re.search(ERROR, line)]
        if found:
            # A Python error stands below the line that raised it.
            first = max(0, found[-1] - 2)
            causes += [f"{name}:", *lines[first : first + CAUSE_LINES]]
    return causes
