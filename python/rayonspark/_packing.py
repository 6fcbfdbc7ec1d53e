"""Packs a Python environment into an archive that Spark sends to other hosts."""

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
from rayonspark._user_dirs import cache_directory
from rayonspark.errors import InvalidSpecException

_INTERPRETER = "bin/python"
_ALTERNATIVES = (
    "Pass an existing archive as penv_archive, or, if every host already has such an interpreter, "
    "its path as python_location."
)


def packed() -> Path:
    """Pack the active conda environment or venv, and return the path of the archive.

    An archive with the same content is reused from the cache.

    Raises
    ------
    InvalidSpecException
        There is no environment to pack, its packer is not installed, or the packer failed.
    """
    prefix = Path(sys.prefix)
    if (prefix / "conda-meta").is_dir():
        packer = "conda_pack"
    elif sys.prefix != sys.base_prefix:
        packer = "venv_pack"
    else:
        raise InvalidSpecException(
            f"The interpreter {sys.executable!r} belongs to the system, and not to a conda "
            f"environment or venv, which could be packed for YARN's hosts. {_ALTERNATIVES}"
        )
    archive = f"{prefix.name.lstrip('.')}-{_content(prefix)}.tar.gz"
    target = cache_directory() / "environments" / archive
    if not target.is_file():
        _pack(packer, prefix, target)
    return target


def check(archive: str) -> None:
    """Check a packed environment, and print a notice if the other hosts need its interpreter.

    An archive that is not on this machine is not checked.

    Raises
    ------
    InvalidSpecException
        There is no such file, the archive has no interpreter, or its interpreter is a link to a
        file that does not exist on this machine.
    """
    if "://" in archive:
        return
    path = Path(archive.partition("#")[0]).expanduser()
    if not path.is_file():
        raise InvalidSpecException(
            f"penv_archive={archive!r} is not a file. Pass an archive made by conda-pack or "
            "venv-pack."
        )
    link = _interpreter_in(path)
    if link is None or not link.startswith("/"):
        return
    if not Path(link).exists():
        raise InvalidSpecException(
            f"The interpreter in {str(path)!r} is a link to {link!r}, which does not exist on "
            "this machine. Pack an environment that contains its interpreter, as conda-pack does."
        )
    say(
        f"the interpreter in {path} is a link: every host must have {link}. An archive made by "
        "conda-pack contains its interpreter."
    )


def _interpreter_in(archive: Path) -> str | None:
    """Return the file outside the archive that its interpreter links to; None if it has its own."""
    links: dict[str, str] = {}
    try:
        # Stop as soon as the answer is known: such archives have thousands of files.
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
            f"penv_archive={str(archive)!r} cannot be read: {error}. Pass an archive made by "
            "conda-pack or venv-pack."
        ) from error
    raise InvalidSpecException(
        f"penv_archive={str(archive)!r} has no {_INTERPRETER}. Pass an archive made by conda-pack "
        "or venv-pack, with the environment's files at its top level."
    )


def _members(archive: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each member with the target of its link, which is empty for other files."""
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
            f"The environment {str(prefix)!r} must be packed for YARN's hosts, and "
            f"{packer.replace('_', '-')} is not installed. Install it. {_ALTERNATIVES}"
        ) from error
    say(f"packing the environment {prefix} for YARN's hosts into {target}, once for each content.")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{os.getpid()}-{target.name}")
    try:
        module.pack(prefix=str(prefix), output=str(draft), verbose=sys.stderr.isatty())
        draft.rename(target)
    except Exception as error:
        raise InvalidSpecException(
            f"{packer.replace('_', '-')} could not pack {str(prefix)!r}: {error}. {_ALTERNATIVES}"
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _content(prefix: Path) -> str:
    """Return a hash of what is installed in the environment, from the installers' records.

    It does not cover all of `sys.path`, because importing Ray adds the packages that Ray bundles.
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
