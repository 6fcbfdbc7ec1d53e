"""The user's directories for what outlives a program: state such as logs, and caches."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path

from rayonspark.errors import RayOnSparkException

_LOG = logging.getLogger("rayonspark")
_NAME = "rayonspark"


def state_directory() -> Path:
    """Return RayOnSpark's directory in XDG_STATE_HOME, created if it is missing."""
    return _user_directory("XDG_STATE_HOME", Path(".local", "state"))


def cache_directory() -> Path:
    """Return RayOnSpark's directory in XDG_CACHE_HOME, created if it is missing."""
    return _user_directory("XDG_CACHE_HOME", Path(".cache"))


def _user_directory(variable: str, default: Path) -> Path:
    """Return a directory that this user can write to.

    A container often runs with a random user id, which has no home directory or cannot write to it.
    The directory is then in the directory for temporary files.

    Raises
    ------
    RayOnSparkException
        Neither is possible; the error names `variable`.
    """
    configured = Path(os.environ.get(variable, ""))
    # The XDG specification says to ignore relative paths.
    try:
        if configured.is_absolute():
            return _writable(configured / _NAME)
        try:
            # Without a passwd entry and HOME, there is no home directory: RuntimeError.
            return _writable(Path.home() / default / _NAME)
        except (OSError, RuntimeError) as error:
            _LOG.debug("The home directory cannot be used: %s", error)
            return _in_temporary_directory()
    except OSError as error:
        raise RayOnSparkException(
            f"There is no directory for RayOnSpark's files: {error}. Set {variable} to a directory "
            "that this user can write to."
        ) from error


def _in_temporary_directory() -> Path:
    directory = _writable(Path(tempfile.gettempdir(), f"{_NAME}-{os.getuid()}"))
    found = directory.lstat()
    # Another user may have created this name.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{directory} does not belong to this user")
    return directory


def _writable(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(f"{directory} is not writable")
    return directory
