"""The control group that a cluster's pods lie in, and what is in it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from cluster.leftovers import eventually

from .machine import hierarchies

REMOVE_LIMIT_S = 10.0

_PREFIX = "rayonspark-kubernetes-"


@dataclass(frozen=True)
class ControlGroup:
    """One by the same name in each hierarchy.

    Attributes
    ----------
    name
        Ends in the process id of the namespaces' first process: while that lives, it is in use.
    """

    name: str

    @classmethod
    def of(cls, owner: int) -> ControlGroup:
        return cls(f"{_PREFIX}{owner}")

    def make(self) -> None:
        for root in hierarchies():
            (root / self.name).mkdir()

    def processes(self, pod_uid: str) -> set[int]:
        """Process ids, as this machine counts them, of a pod."""
        found: set[int] = set()
        for root in hierarchies():
            for pod in (root / self.name).glob(f"**/pod{pod_uid}"):
                for listed in pod.glob("**/cgroup.procs"):
                    with contextlib.suppress(OSError):
                        found |= {int(pid) for pid in listed.read_text().split()}
        return found

    def remove(self) -> None:
        """Remove it, once its last process has been reaped."""
        assert eventually(self._removed, REMOVE_LIMIT_S), f"{self.name} is still in use"

    def _removed(self) -> bool:
        for root in hierarchies():
            for path, _, _ in os.walk(root / self.name, topdown=False):
                with contextlib.suppress(OSError):
                    Path(path).rmdir()
        return not any((root / self.name).exists() for root in hierarchies())


def sweep() -> None:
    """Remove what a run has left that was killed: nothing else of it outlives its process."""
    for root in hierarchies():
        for path in root.glob(f"{_PREFIX}*"):
            owner = path.name.removeprefix(_PREFIX)
            if not Path("/proc", owner).exists():
                ControlGroup(path.name).remove()
