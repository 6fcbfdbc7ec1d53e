"""A Python environment as an archive that travels to other hosts."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from rayonspark._progress import say
from rayonspark.errors import InvalidSpecException

_INTERPRETER = "bin/python"
_HOW_ELSE = (
    "Give a ready archive as penv_archive, or, when every host has such an interpreter already, "
    "its path as python_location."
)


def packed() -> Path:
    """Pack the active conda environment or venv, unless an archive of the same content is there.

    Raises
    ------
    InvalidSpecException
        There is no environment to pack, its packer is not installed, or it failed.
    """
    prefix = Path(sys.prefix)
    if (prefix / "conda-meta").is_dir():
        packer = "conda_pack"
    elif sys.prefix != sys.base_prefix:
        packer = "venv_pack"
    else:
        raise InvalidSpecException(
            f"The interpreter {sys.executable!r} belongs to the system, and not to a conda "
            f"environment or venv that could be packed for YARN's hosts. {_HOW_ELSE}"
        )
    target = _cache() / f"{prefix.name.lstrip('.')}-{_content(prefix)}.tar.gz"
    if not target.is_file():
        _pack(packer, prefix, target)
    return target


def check(archive: str) -> None:
    """Look at a packed environment that is to travel, and say what it needs where it arrives.

    One that is not on this machine is not looked at.

    Raises
    ------
    InvalidSpecException
        There is no such file, it has no interpreter, or one that this machine lacks itself.
    """
    if "://" in archive:
        return
    path = Path(archive.partition("#")[0]).expanduser()
    if not path.is_file():
        raise InvalidSpecException(
            f"penv_archive={archive!r} is not a file. Give an archive made by conda-pack or "
            "venv-pack."
        )
    link = _interpreter_in(path)
    if link is None or not link.startswith("/"):
        return
    if not Path(link).exists():
        raise InvalidSpecException(
            f"The interpreter in {str(path)!r} is a link to {link!r}, which does not exist, here "
            "or where the archive was made. Pack an environment whose interpreter travels, as "
            "conda-pack does."
        )
    say(
        f"the interpreter in {path} is a link: every host must have {link}. One packed by "
        "conda-pack travels whole."
    )


def _interpreter_in(archive: Path) -> str | None:
    """Give what the archive's interpreter links to outside of it; None for one that is in there."""
    links: dict[str, str] = {}
    try:
        # Read only as far as it is needed: such archives have thousands of files.
        for name, link in _members(archive):
            links[name.removeprefix("./")] = link
            at = _INTERPRETER
            while links.get(at):
                if links[at].startswith("/"):
                    return links[at]
                at = os.path.normpath(PurePosixPath(at).parent / links[at])
            if at in links:
                return None
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise InvalidSpecException(
            f"penv_archive={str(archive)!r} cannot be read: {error}. Give an archive made by "
            "conda-pack or venv-pack."
        ) from error
    raise InvalidSpecException(
        f"penv_archive={str(archive)!r} has no {_INTERPRETER}. Give an archive made by conda-pack "
        "or venv-pack, whose files lie at its top."
    )


def _members(archive: Path) -> Iterator[tuple[str, str]]:
    """Give the names in an archive, each with what it links to; empty for what is no link."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield from ((name, "") for name in zipped.namelist())
    else:
        with tarfile.open(archive) as tar:
            yield from ((member.name, member.linkname) for member in tar)


def _pack(packer: str, prefix: Path, target: Path) -> None:
    try:
        module = __import__(packer)
    except ImportError as error:
        raise InvalidSpecException(
            f"The environment {str(prefix)!r} is to be packed for YARN's hosts, and "
            f"{packer.replace('_', '-')} is not installed. Install it, or leave it out: "
            f"{_HOW_ELSE}"
        ) from error
    say(f"packing the environment {prefix} for YARN's hosts into {target}; once for each content.")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{os.getpid()}-{target.name}")
    try:
        module.pack(prefix=str(prefix), output=str(draft), verbose=sys.stderr.isatty())
        draft.rename(target)
    except Exception as error:
        raise InvalidSpecException(
            f"{packer.replace('_', '-')} could not pack {str(prefix)!r}: {error}. {_HOW_ELSE}"
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _content(prefix: Path) -> str:
    """A name for what is installed there, by the records of the installers.

    Not for all of `sys.path`: that grows when Ray is imported, which has packages in it.
    """
    own = {"base": str(prefix), "platbase": str(prefix)}
    places = {sysconfig.get_path(name, vars=own) for name in ("purelib", "platlib")}
    records = sorted(
        f"{found.metadata['Name']}=={found.version} {_changed(found)}"
        for found in importlib.metadata.distributions(path=sorted(places))
    )
    text = "\n".join([str(prefix), sys.version, *records])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _changed(found: importlib.metadata.Distribution) -> int:
    record = getattr(found, "_path", None)
    return Path(record).stat().st_mtime_ns if record is not None else 0


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "rayonspark", "environments")
