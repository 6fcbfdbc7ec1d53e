"""A staged block of a DataFrame, and the check that all blocks have arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rayonspark.errors import ExchangeException


@dataclass(frozen=True)
class StagedBlock:
    """A file on the host of a Ray node; the fields have the JVM's names."""

    id: int
    partition: int
    sequence: int
    executorId: str
    rayNodeId: str
    path: str
    rows: int
    bytes: int
    local: bool

    @property
    def home(self) -> str:
        """Where it is staged, for messages."""
        return f'Ray node "{self.rayNodeId}" next to Spark executor {self.executorId}'


def check_complete(blocks: Sequence[StagedBlock], report: Mapping[str, float]) -> None:
    """Raise unless these loaded blocks are exactly those that Spark has written.

    Parameters
    ----------
    blocks : sequence of StagedBlock
        The blocks in the order of the Dataset.
    report : mapping of str to float
        The JVM's counts: "blocks" and "rows".
    """
    rows = sum(block.rows for block in blocks)
    if (len(blocks), rows) != (report["blocks"], report["rows"]):
        raise ExchangeException(
            f"Ray has loaded {len(blocks)} blocks with {rows} rows, and Spark has written "
            f"{report['blocks']:.0f} blocks with {report['rows']:.0f} rows. Call to_ray again, "
            "and report this as a bug in RayOnSpark."
        )
    sequences: dict[int, list[int]] = {}
    for block in blocks:
        sequences.setdefault(block.partition, []).append(block.sequence)
    for partition, loaded in sequences.items():
        if loaded != list(range(len(loaded))):
            raise ExchangeException(
                f"Ray has loaded blocks {loaded} of partition {partition}, and they should be 0 to "
                f"{len(loaded) - 1}. Call to_ray again, and report this as a bug in RayOnSpark."
            )
