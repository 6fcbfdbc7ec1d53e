"""Statistics of one transfer of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """Statistics of a cluster's last transfer between Spark and Ray.

    Attributes
    ----------
    direction : {"to_ray", "to_spark"}
        Direction of the transfer.
    rows, bytes, blocks : int
        Rows of the data, and total size and number of the Arrow files that hold them.
    local_share : float
        Share of the bytes, from 0 to 1, that did not leave their host. For "to_spark", of the
        bytes that Spark has read so far; 1 before it reads any.
    seconds : mapping of str to float
        Wall-clock time of each phase, in seconds.

        For "to_ray", all three start with the transfer, so they overlap:

        - "encode": until Spark has encoded the DataFrame.
        - "load": until Ray has loaded all blocks.
        - "total": until the Dataset exists.

        For "to_spark", the phases follow each other. Spark reads after that, which is not included:

        - "compute": until Ray has computed the Dataset.
        - "prepare": from then on, until the DataFrame exists.
    frame : str or None
        For "to_spark", the id of the Dataset: the value of the option "frame" with which Spark's
        data source "rayonspark" reads it too. None for "to_ray".
    """

    direction: str
    rows: int
    bytes: int
    blocks: int
    local_share: float
    seconds: Mapping[str, float]
    frame: str | None = None
