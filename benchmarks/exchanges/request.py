"""What one measured process is asked to do: the value that the parent sends to it."""

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
        ``"hosts-2"`` two executors on hosts of their own, with a Ray node beside one of them.
    frame
        A key of `exchanges.frame.FRAMES`.
    rows
        How many rows it has.
    partitions
        In how many partitions of Spark, and blocks of Ray, the rows lie.
    rounds
        How often each contestant runs; the first call is reported apart from the warm ones.
    contestants
        Names of `exchanges.contestant.CONTESTANTS`, as ``direction/name``.
    object_store_mib
        Of each Ray node.
    purpose
        ``"speed"``, ``"scaling"``, ``"memory"`` or ``"locality"``: where the report shows it.
    scratch
        A short, private directory: HOME, Ray's temp directories and Spark's files are below it.
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
        """What is measured, without the contestant: the row's first column."""
        return f"{self.frame} {self.scenario}"

    @property
    def size(self) -> float:
        """Rows in units of the frame's own number of rows."""
        return self.rows / FRAMES[self.frame].rows

    @property
    def executors(self) -> int:
        """Executor processes of the application; 0 where the driver is the executor."""
        kind, _, number = self.scenario.partition("-")
        return 0 if kind == "local" else int(number)

    @property
    def hosts(self) -> bool:
        """Whether each executor has a host of its own, and not every one a Ray node."""
        return self.scenario.startswith("hosts-")

    @property
    def ray_temp_dir(self) -> str:
        """For the temp directories of Ray's nodes."""
        return f"{self.scratch}/t"

    def to_json(self) -> str:
        """The request as one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> ExchangeRequest:
        """The request that `to_json` wrote."""
        fields = json.loads(text)
        return ExchangeRequest(**{**fields, "contestants": tuple(fields["contestants"])})
