"""What Ray's workers run for the exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from rayonspark.data.layout import in_layout
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


def arrow_of(block: Any) -> pa.Table:
    """Give a block of Ray Data, Arrow or pandas, as an Arrow table."""
    if isinstance(block, pa.Table):
        return block
    return pa.Table.from_pandas(block, preserve_index=False)


def schema_of(block: Any) -> pa.Schema:
    """Give the Arrow schema of a block."""
    return arrow_of(block).schema.remove_metadata()


def hand_over(block: Any, path: str, schema: pa.Schema) -> int:
    """Write a block in Spark's layouts as an Arrow IPC stream; give the bytes of the file."""
    table = in_layout(arrow_of(block), schema)
    file, draft = Path(path), Path(f"{path}.tmp")
    file.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        # Not mapped: a full /dev/shm is an error of a write, and a signal in a mapping.
        with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_stream(sink, schema) as stream:
            stream.write_table(table)
        size = draft.stat().st_size
        draft.rename(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return size
