"""The staging directories of this machine, seen from outside."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from rayonspark import RayCluster

SAMPLE_S = 0.01
"""How often the files are measured: no event reports their growth."""


def files(cluster: RayCluster) -> list[Path]:
    """The files in the staging of this cluster's nodes on this machine."""
    directories = Path("/dev/shm").glob(f"ros-stage-{cluster.id}-*")
    return [path for directory in directories for path in _files_below(directory)]


def exported(cluster: RayCluster) -> list[Path]:
    """The files on their way to Ray. A frame keeps its files until Java's garbage collection."""
    return [path for path in files(cluster) if path.name.startswith("export-")]


def largest(cluster: RayCluster) -> int:
    """The number of bytes in the fullest staging directory of this cluster."""
    directories = Path("/dev/shm").glob(f"ros-stage-{cluster.id}-*")
    return max((_size(directory) for directory in directories), default=0)


def _size(directory: Path) -> int:
    total = 0
    for path in _files_below(directory):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _files_below(directory: Path) -> list[Path]:
    """The files below a directory; unlike `Path.glob`, `os.walk` lets a directory disappear."""
    return [Path(at, name) for at, _, names in os.walk(directory) for name in names]


class HighWaterMark:
    """The most bytes that one directory held at any time while this watched."""

    def __init__(self, cluster: RayCluster) -> None:
        self._cluster = cluster
        self.bytes = 0
        self._stop = threading.Event()

    @classmethod
    @contextlib.contextmanager
    def watching(cls, cluster: RayCluster) -> Iterator[HighWaterMark]:
        """Measure until the `with` block ends."""
        mark = cls(cluster)
        thread = threading.Thread(target=mark._watch, daemon=True)
        thread.start()
        try:
            yield mark
        finally:
            mark._stop.set()
            thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.bytes = max(self.bytes, largest(self._cluster))
