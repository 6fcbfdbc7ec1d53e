"""What one transfer of data was like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """The last transfer between Spark and Ray of one cluster.

    Attributes
    ----------
    direction : {"to_ray", "to_spark"}
        Which way the data went.
    rows, bytes, blocks : int
        What was moved; bytes are those of the Arrow files.
    local_share : float
        Share of the bytes, from 0 to 1, that did not leave their host.
    seconds : mapping of str to float
        Wall time by phase.
    frame : str or None
        On the way to Spark, the id under which Spark's data source "rayonspark" reads the Dataset
        as well, as its option "frame".
    """

    direction: str
    rows: int
    bytes: int
    blocks: int
    local_share: float
    seconds: Mapping[str, float]
    frame: str | None = None
