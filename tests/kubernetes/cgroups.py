"""The control group of a cluster's pods, and the processes in it."""

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
    """A control group that has the same name in each hierarchy.

    Attributes
    ----------
    name
        Ends in the process id of the namespaces' first process. The group is in use while that
        process lives.
    """

    name: str

    @classmethod
    def of(cls, owner: int) -> ControlGroup:
        return cls(f"{_PREFIX}{owner}")

    def make(self) -> None:
        for root in hierarchies():
            (root / self.name).mkdir(exist_ok=True)

    def processes(self, pod_uid: str = "") -> set[int]:
        """The processes of one pod, or of all pods, by this machine's process ids."""
        found: set[int] = set()
        for root in hierarchies():
            # Unlike a glob, a walk continues when a group disappears.
            for path, _, _ in os.walk(root / self.name):
                if f"/pod{pod_uid}" in path:
                    with contextlib.suppress(OSError):
                        listed = Path(path, "cgroup.procs").read_text()
                        found |= {int(pid) for pid in listed.split()}
        return found

    def remove(self) -> None:
        """Remove the group, once its last process has been reaped."""
        assert eventually(self._removed, REMOVE_LIMIT_S), f"{self.name} is still in use"

    def _removed(self) -> bool:
        for root in hierarchies():
            for path, _, _ in os.walk(root / self.name, topdown=False):
                with contextlib.suppress(OSError):
                    Path(path).rmdir()
        return not any((root / self.name).exists() for root in hierarchies())


def sweep() -> None:
    """Remove the groups of runs that were killed: nothing else of a run outlives its process."""
    for root in hierarchies():
        for path in root.glob(f"{_PREFIX}*"):
            owner = path.name.removeprefix(_PREFIX)
            if not Path("/proc", owner).exists():
                ControlGroup(path.name).remove()
