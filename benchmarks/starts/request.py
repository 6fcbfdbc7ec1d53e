"""The request that the parent sends to the fresh process of one measured start."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass

OBJECT_STORE_BYTES = 200 * 1024 * 1024
"""The same for every contestant and node, so that none maps more memory than the others."""

CORES_PER_EXECUTOR = 1
LOCAL_CORES = 2

KUBERNETES_MASTER = "RAYONSPARK_TEST_MASTER"
"""The environment variable that names the API server."""


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """One start of one contestant.

    Attributes
    ----------
    scenario
        ``"cluster"``, ``"yarn"``, ``"k8s"``, ``"local"`` or ``"slots"`` (more nodes than there can
        ever be executors).
    contestant
        A key of `starts.contestant.CONTESTANTS`.
    nodes
        Number of executors of the application; 0 in the scenario ``"local"``.
    dashboard
        Whether every contestant starts Ray's dashboard.
    scratch
        A short private directory that contains HOME, Ray's temp directories and Spark's files.
    """

    scenario: str
    contestant: str
    nodes: int
    dashboard: bool
    scratch: str

    @property
    def label(self) -> str:
        """Describe what is measured, without the contestant: the first column of a row."""
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
        """The directory for temp directories; what it contains at the end was left behind."""
        return f"{self.scratch}/t"

    @property
    def node_temp_dir(self) -> str:
        """The temp directory for nodes: a pod does not see this machine's directories."""
        return "/tmp" if self.scenario == "k8s" else self.ray_temp_dir

    def to_json(self) -> str:
        """Return the request as one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> StartRequest:
        """Return the request that `to_json` wrote."""
        return StartRequest(**json.loads(text))
