"""What Ray's workers run for the exchange."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa

from rayonspark.errors import ExchangeException


def load(path: str, block: int, rows: int, desk: Any | None) -> tuple[pa.Table, int]:
    """Map an Arrow IPC stream; Ray copies it into the object store when the task returns it.

    Parameters
    ----------
    path : str
        A file in the staging of this task's node.
    block, rows : int
        The block's number, and how many rows it has.
    desk : actor handle, optional
        Who can have the block computed again, when this is a retry after its node was lost.
    """
    try:
        table = _map(path)
    except FileNotFoundError as error:
        if desk is None:
            raise ExchangeException(
                f"Block {block} of the Dataset, {rows} rows that came from Spark, was lost with "
                "its Ray node. Move the DataFrame again, with recoverable=True to have lost "
                "blocks computed again by Spark."
            ) from error
        table = _again(block, desk)
    if table.num_rows != rows:
        raise ExchangeException(
            f"Block {block} of the Dataset had {rows} rows, and has {table.num_rows} now that "
            "Spark has computed it again. Cache or checkpoint the DataFrame, and move it again."
        )
    return table, table.num_rows


def _map(path: str) -> pa.Table:
    with pa.memory_map(path) as source, pa.ipc.open_stream(source) as stream:
        return stream.read_all()


def _again(block: int, desk: Any) -> pa.Table:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    node, path = ray.get(desk.restage.remote(block))
    # Spark computes it where it likes: the file may be beside another node than this one.
    there = ray.remote(num_cpus=0)(_map).options(
        scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
    )
    try:
        return ray.get(there.remote(path))
    finally:
        desk.release.remote(block)


def write(table: Any, path: str) -> tuple[int, int]:
    """Write an Arrow IPC stream where Spark reads it; give its rows and bytes."""
    draft = f"{path}.tmp"
    try:
        with pa.OSFile(draft, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        size = os.path.getsize(draft)
        os.rename(draft, path)
    except BaseException:
        if os.path.exists(draft):
            os.unlink(draft)
        raise
    return table.num_rows, size
