"""What one measured start is asked to do: the value that the parent sends to its fresh process."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass

OBJECT_STORE_BYTES = 200 * 1024 * 1024
"""The same for every contestant and node, so that nobody maps more memory than the others."""

CORES_PER_EXECUTOR = 1
LOCAL_CORES = 2

KUBERNETES_MASTER = "RAYONSPARK_TEST_MASTER"
"""The variable that names the API server."""


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """One start of one contestant.

    Attributes
    ----------
    scenario
        ``"cluster"``, ``"yarn"``, ``"k8s"``, ``"local"`` or ``"slots"`` (more nodes than the
        executors can ever be).
    contestant
        A key of `starts.contestant.CONTESTANTS`.
    nodes
        Executors of the application; 0 in the scenario ``"local"``.
    dashboard
        Whether Ray's dashboard is started, for every contestant alike.
    scratch
        A short, private directory: HOME, Ray's temp directories and Spark's files are below it.
    """

    scenario: str
    contestant: str
    nodes: int
    dashboard: bool
    scratch: str

    @property
    def label(self) -> str:
        """What is measured, without the contestant: the row's first column."""
        return self.scenario if self.scenario == "local" else f"{self.scenario}-{self.nodes}"

    @property
    def master(self) -> str:
        """The Spark master that the application runs on."""
        if self.scenario == "local":
            return f"local[{LOCAL_CORES}]"
        if self.scenario == "yarn":
            return "yarn"
        if self.scenario == "k8s":
            return os.environ[KUBERNETES_MASTER]
        return f"local-cluster[{self.nodes},{CORES_PER_EXECUTOR},2048]"

    @property
    def ray_temp_dir(self) -> str:
        """For the contestant's temp directories: what is in it in the end was left behind."""
        return f"{self.scratch}/t"

    @property
    def node_temp_dir(self) -> str:
        """What a node is told: a pod has no directory of this machine's."""
        return "/tmp" if self.scenario == "k8s" else self.ray_temp_dir

    def to_json(self) -> str:
        """The request as one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> StartRequest:
        """The request that `to_json` wrote."""
        return StartRequest(**json.loads(text))
