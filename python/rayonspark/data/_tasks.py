"""What Ray's workers run for the exchange."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from rayonspark.data._parts import Part, parts_of, write
from rayonspark.data.layout import spark_schema
from rayonspark.errors import ExchangeException, InvalidSpecException


class LostBlock(ExchangeException):
    """A block is neither in the store nor in staging any more."""


def load(
    path: str, block: int, rows: int, home: str, desk: tuple[Any, str] | None
) -> tuple[pa.Table, str]:
    """Map an Arrow IPC stream; Ray copies it into the object store when the task returns it.

    Parameters
    ----------
    path : str
        A file in the staging of this task's node.
    block, rows : int
        The block's number, and how many rows it has.
    home : str
        Where it lay, in words.
    desk : tuple of actor handle and str, optional
        Who can have the block computed again, and the export's name there, for when this is a
        retry after the node was lost.

    Returns
    -------
    tuple of pyarrow.Table and str
        The block, and the id of the Ray node that has it.
    """
    import ray

    here = str(ray.get_runtime_context().get_node_id())
    try:
        table = _map(path)
    except FileNotFoundError as error:
        if desk is None:
            raise LostBlock(
                f"Block {block} of the Dataset was lost with {home}: {rows} rows that came from "
                "Spark. Move the DataFrame again, with recoverable=True to have lost blocks "
                "computed again by Spark."
            ) from error
        table = _again(block, here, *desk)
    if table.num_rows != rows:
        raise ExchangeException(
            f"Block {block} of the Dataset had {rows} rows, and has {table.num_rows} now that "
            "Spark has computed it again. Cache or checkpoint the DataFrame, and move it again."
        )
    return table, here


def _map(path: str) -> pa.Table:
    with pa.memory_map(path) as source, pa.ipc.open_stream(source) as stream:
        return stream.read_all()


def _again(block: int, here: str, desk: Any, export: str) -> pa.Table:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    node, path = ray.get(desk.restage.remote(export, block))
    try:
        if node == here:
            return _map(path)
        # Spark computes it where it likes: the file is beside another node than this one.
        there = ray.remote(num_cpus=0)(_map).options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        )
        return ray.get(there.remote(path))
    finally:
        desk.release.remote(export, block)


def looked_at(blocks: list[Any], most: int) -> list[tuple[pa.Schema, list[Part]]]:
    """Give the Arrow schema of each block, which come by reference, and its parts for Spark.

    There are no parts where a column has no image in Spark: the driver says so.
    """
    import ray

    from rayonspark.data._ray_data import arrow_of

    # Equal ones become the same object, which is pickled once.
    schemas: dict[pa.Schema, pa.Schema] = {}

    def look(block: Any) -> tuple[pa.Schema, list[Part]]:
        table = arrow_of(ray.get(block))
        schema = table.schema.remove_metadata()
        try:
            parts = parts_of(table, spark_schema(schema), most)
        except InvalidSpecException:
            parts = []
        return schemas.setdefault(schema, schema), parts

    return [look(block) for block in blocks]


def cut(blocks: list[Any], schema: pa.Schema, most: int) -> list[list[Part]]:
    """Give the parts of each block in another schema than its own."""
    import ray

    from rayonspark.data._ray_data import arrow_of

    return [parts_of(arrow_of(ray.get(block)), schema, most) for block in blocks]


def hand_over(block: Any, path: str, schema: pa.Schema, start: int, pieces: Sequence[int]) -> int:
    """Write a part of a block in Spark's layouts; give the bytes of the file."""
    from rayonspark.data._ray_data import arrow_of

    target = Path(path)
    draft = target.with_name(f"{target.name}.tmp")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        # Not mapped: a full /dev/shm is an error of a write, and a signal in a mapping.
        with pa.OSFile(str(draft), "wb") as sink:
            write(arrow_of(block), start, pieces, schema, sink)
        size = draft.stat().st_size
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return size
