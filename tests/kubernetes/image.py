"""Images that are built here, because there is no registry to pull them from.

The pods' image has only what cannot be mounted: directories, users, and the entry point of Spark's
image. Programs come from the machine, mounted read-only (see `spark.py`).
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .machine import BINARIES

IMAGE = "rayonspark.test/spark:user"
"""Runs as user 185, as Spark's image does."""

ROOT_IMAGE = "rayonspark.test/spark:root"
"""The same, run as root."""

PAUSE = "rayonspark.test/pause:1"

SPARK_UID = 185
HOME = "/opt/spark/work-dir"

_PASSWD = f"root:x:0:0:root:/root:/bin/bash\nspark:x:{SPARK_UID}:0:spark:{HOME}:/bin/bash\n"
_GROUP = "root:x:0:\n"
_DIRECTORIES = ("dev", "etc", "opt", "opt/spark", "proc", "root", "run", "sys", "usr", "var")
_OPEN_DIRECTORIES = ("tmp", "var/tmp")
_FROM_THE_MACHINE = ("alternatives", "ld.so.cache", "nsswitch.conf", "java-*", "ssl/certs/java")
"""Files in /etc that programs below /usr link to."""

_ARCHITECTURES = {"aarch64": "arm64", "x86_64": "amd64"}
"""The names that images use for them."""

_SCRIPTS = {"opt/entrypoint.sh": "entrypoint.sh", "opt/decom.sh": "decommission.sh"}
"""The paths where Spark looks for the scripts."""

_ENVIRONMENT = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    f"HOME={HOME}",
]


def write(path: Path) -> None:
    """Write an archive of all images, as `ctr images import` reads it."""
    spark, pause = _layer(_fill_spark), _layer(_fill_pause)
    entry: dict[str, Any] = {
        "Entrypoint": ["/opt/entrypoint.sh"],
        "Env": _ENVIRONMENT,
        "WorkingDir": HOME,
    }
    configs = {
        IMAGE: (spark, entry | {"User": str(SPARK_UID)}),
        ROOT_IMAGE: (spark, entry | {"User": "0"}),
        PAUSE: (pause, {"Entrypoint": ["/pause"]}),
    }
    files: dict[str, bytes] = {}
    manifest = []
    for name, (layer, config) in configs.items():
        described = json.dumps(_description(layer, config)).encode()
        config_file = f"{_hash(described)}.json"
        layer_file = f"{_hash(layer)}/layer.tar"
        files |= {config_file: described, layer_file: layer}
        manifest.append({"Config": config_file, "RepoTags": [name], "Layers": [layer_file]})
    with tarfile.open(path, "w") as archive:
        for name, content in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            _add(archive, name, content, 0o644)


def _description(layer: bytes, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_hash(layer)}"]},
    }


def _fill_spark(layer: tarfile.TarFile) -> None:
    for name in _DIRECTORIES:
        _add_directory(layer, name, 0o755)
    for name in _OPEN_DIRECTORIES:
        _add_directory(layer, name, 0o1777)
    # Its group is that of the user.
    _add_directory(layer, HOME.strip("/"), 0o775)
    for name in ("bin", "lib", "lib64", "sbin"):
        # Only the machine's programs below /usr are available.
        link = tarfile.TarInfo(name)
        link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
        layer.addfile(link)
    for pattern in _FROM_THE_MACHINE:
        for path in Path("/etc").glob(pattern):
            layer.add(path, str(path).strip("/"))
    _add(layer, "etc/passwd", _PASSWD.encode(), 0o644)
    _add(layer, "etc/group", _GROUP.encode(), 0o644)
    for name, script in _SCRIPTS.items():
        _add(layer, name, Path(__file__).with_name(script).read_bytes(), 0o755)


def _fill_pause(layer: tarfile.TarFile) -> None:
    _add(layer, "pause", (BINARIES / "pause").read_bytes(), 0o755)


def _layer(fill: Callable[[tarfile.TarFile], None]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as layer:
        fill(layer)
    return content.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _add_directory(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
