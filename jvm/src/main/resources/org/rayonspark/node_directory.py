"""A node's own directory: its lock, the logs that outlive it, its removal, and what others left.

Needs nothing but the standard library, and Python 3.8.
"""

import fcntl
import json
import os
import shutil
import stat
import sys
import time

LOG_LIMIT_BYTES = 64 << 20
LOG_FILE_LIMIT_BYTES = 8 << 20
LOG_LIMIT_S = 1.0
TAIL_LINES = 30
TAIL_LIMIT_BYTES = 4000
# A directory without a lock may belong to a guard that is about to take it.
UNLOCKED_AGE_S = 3600.0


def hold_lock(directory):
    """Marks the directory as in use for as long as this process lives."""
    unnamed = os.path.join(directory, "lock.tmp")
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Named only now: a sweeper that finds the file finds it locked.
    os.rename(unnamed, os.path.join(directory, "lock"))


def note_companions(directory, companions):
    """Writes down which directories go with this one, for a sweeper that finds it orphaned."""
    with open(os.path.join(directory, "companions.json"), "w") as file:
        json.dump(companions, file)


def sweep(own):
    """Removes what nodes left behind whose guard had no time to: a pod or a cgroup died whole."""
    base = os.path.dirname(own)
    for name in os.listdir(base):
        path = os.path.join(base, name)
        if name.startswith("ros-") and path != own:
            try:
                _sweep_one(path)
            except OSError as error:
                print(f'Cannot sweep "{path}": {error}', file=sys.stderr, flush=True)


def _sweep_one(path):
    info = os.lstat(path)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        return
    try:
        lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        if time.time() - info.st_mtime > UNLOCKED_AGE_S:
            remove(path)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for companion in _companions(path):
            remove(companion)
        remove(path)
    except BlockingIOError:
        pass  # its guard lives
    finally:
        os.close(lock)


def _companions(directory):
    try:
        with open(os.path.join(directory, "companions.json")) as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return []


def remove(directory):
    """Removes a whole tree, its lock last. Returns what went wrong as a sentence, or None."""
    try:
        for name in sorted(os.listdir(directory), key=lambda name: name == "lock"):
            path = os.path.join(directory, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, onerror=_unlock_and_retry)
            else:
                os.unlink(path)
        os.rmdir(directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        return f'Directory "{directory}" could not be removed: {error}.'
    return None


def _unlock_and_retry(function, path, failure):
    if issubclass(failure[0], FileNotFoundError):
        return
    # A user's runtime environment may have made its own directories read-only.
    for locked in (os.path.dirname(path), path):
        if os.path.isdir(locked) and not os.path.islink(locked):
            os.chmod(locked, 0o700)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def keep_logs(directory, target):
    """Copies the ends of Ray's logs to where they stay, within a bound of bytes and of time.

    Returns what went wrong as a sentence, or None.
    """
    budget, give_up_at = LOG_LIMIT_BYTES, time.monotonic() + LOG_LIMIT_S
    try:
        # The short ones first: one that is huge must not push out the others.
        for size, path, name in sorted(_logs_of(directory)):
            if time.monotonic() >= give_up_at:
                return f'Ray\'s logs were not all copied to "{target}" in {LOG_LIMIT_S} s.'
            budget -= _copy_end(path, size, min(LOG_FILE_LIMIT_BYTES, budget), target, name)
    except OSError as error:
        return f'Ray\'s logs could not be copied to "{target}": {error}.'
    return None


def _logs_of(directory):
    """Yields (size, path, name to keep it under) of every log file below the directory."""
    places = [(directory, name) for name in ("ray.out", "guard.err")]
    for entry in os.scandir(directory):
        if entry.name.startswith("session_") and entry.is_dir(follow_symlinks=False):
            logs = os.path.join(entry.path, "logs")
            for folder, _, names in os.walk(logs):
                inner = os.path.relpath(folder, logs)
                places += [(logs, os.path.normpath(os.path.join(inner, name))) for name in names]
    for root, name in places:
        info = os.lstat(os.path.join(root, name))
        if stat.S_ISREG(info.st_mode):
            yield info.st_size, os.path.join(root, name), name


def _copy_end(path, size, limit, target, name):
    copy = os.path.join(target, name)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    with open(path, "rb") as source, open(copy, "wb") as sink:
        source.seek(max(0, size - limit))
        sink.write(source.read(limit))
    return min(size, limit)


def read_tail(path):
    """The last lines of a text file; none where there is no file."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_LIMIT_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except FileNotFoundError:
        return []
