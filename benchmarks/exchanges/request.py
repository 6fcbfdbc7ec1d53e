"""The request that the parent sends to one measured process."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from exchanges.frame import FRAMES

CORES = {"local-2": 2, "cluster-1": 1, "cluster-2": 1, "hosts-2": 1}
"""Scenario -> cores of Spark in each executor; with a local master the driver is the executor."""

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ExchangeRequest:
    """Rounds of exchanges of one frame in one Spark application with one Ray cluster.

    Attributes
    ----------
    scenario
        A key of `CORES`: ``"local-2"`` is ``local[2]``, ``"cluster-2"`` two executors, and
        ``"hosts-2"`` two executors on separate hosts, with a Ray node next to one of them.
    frame
        A key of `exchanges.frame.FRAMES`.
    rows
        Number of rows of the frame.
    partitions
        Number of partitions in Spark, and of blocks in Ray.
    rounds
        How often each contestant runs; the first call is reported separately from the warm ones.
    contestants
        Names of `exchanges.contestant.CONTESTANTS`, as ``direction/name``.
    object_store_mib
        Object store of each Ray node, in MiB.
    purpose
        ``"speed"``, ``"scaling"``, ``"memory"`` or ``"locality"``: the section of the report.
    scratch
        A short private directory that contains HOME, Ray's temp directories and Spark's files.
    """

    scenario: str
    frame: str
    rows: int
    partitions: int
    rounds: int
    contestants: tuple[str, ...]
    object_store_mib: int
    purpose: str
    scratch: str = ""

    @property
    def label(self) -> str:
        """Describe what is measured, without the contestant: the first column of a row."""
        return f"{self.frame} {self.scenario}"

    @property
    def size(self) -> float:
        """The rows as a multiple of the frame's own number of rows."""
        return self.rows / FRAMES[self.frame].rows

    @property
    def executors(self) -> int:
        """Number of executor processes of the application; 0 if the driver is the executor."""
        kind, _, number = self.scenario.partition("-")
        return 0 if kind == "local" else int(number)

    @property
    def hosts(self) -> bool:
        """Whether each executor has its own host, and only one of them a Ray node."""
        return self.scenario.startswith("hosts-")

    @property
    def ray_temp_dir(self) -> str:
        """The directory for the temp directories of Ray's nodes."""
        return f"{self.scratch}/t"

    def to_json(self) -> str:
        """Return the request as one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> ExchangeRequest:
        """Return the request that `to_json` wrote."""
        fields = json.loads(text)
        return ExchangeRequest(**{**fields, "contestants": tuple(fields["contestants"])})
