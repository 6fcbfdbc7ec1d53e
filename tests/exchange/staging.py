"""The staging directories of this machine, seen from outside."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from rayonspark import RayCluster

SAMPLE_S = 0.01
"""Period of the looks at the files: no event tells of their growth."""


def files(cluster: RayCluster) -> list[Path]:
    """What is staged now, beside the nodes of this cluster on this machine."""
    found = Path("/dev/shm").glob(f"ros-stage-{cluster.id}-*/**/*")
    return [path for path in found if path.is_file()]


def exported(cluster: RayCluster) -> list[Path]:
    """What is on its way to Ray. A frame in Spark keeps its files until Java collects it."""
    return [path for path in files(cluster) if path.name.startswith("export-")]


def largest(cluster: RayCluster) -> int:
    """Bytes that are staged now in the fullest of its directories."""
    directories = Path("/dev/shm").glob(f"ros-stage-{cluster.id}-*")
    return max((_size(directory) for directory in directories), default=0)


def _size(directory: Path) -> int:
    total = 0
    # Files and directories may go between two looks.
    with contextlib.suppress(FileNotFoundError):
        for path in directory.glob("**/*"):
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size if path.is_file() else 0
    return total


class HighWaterMark:
    """The most bytes that one directory held at once while it watched."""

    def __init__(self, cluster: RayCluster) -> None:
        self._cluster = cluster
        self.bytes = 0
        self._stop = threading.Event()

    @classmethod
    @contextlib.contextmanager
    def watching(cls, cluster: RayCluster) -> Iterator[HighWaterMark]:
        """Look until the block ends."""
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
