"""Functions that Ray's workers run during a transfer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from rayonspark.data._chunks import Chunk, chunks_of, write
from rayonspark.data.layout import intern_schema, spark_schema
from rayonspark.errors import ExchangeException, InvalidSpecException

MAX_RESTAGES = 3
"""Give up on a block after this many node losses: by then the cause is not chance."""


class LostBlock(ExchangeException):
    """A block is no longer in the object store, and its staged file is gone."""


def load(
    path: str, block: int, rows: int, home: str, server: tuple[Any, str] | None
) -> tuple[pa.Table, str]:
    """Map an Arrow IPC stream; Ray copies it into the object store when the task returns it.

    Parameters
    ----------
    path : str
        File in the staging directory of this task's node.
    block, rows : int
        The block's number, and the number of rows that it must have.
    home : str
        Where the block was staged, for error messages.
    server : tuple of actor handle and str, optional
        The actor that can have the block computed again, and the export's name at that actor.
        Used if this is a retry after the node was lost.

    Returns
    -------
    tuple of pyarrow.Table and str
        The block, and the id of the Ray node that holds it.
    """
    import ray

    here = str(ray.get_runtime_context().get_node_id())
    try:
        table = _map(path)
    except FileNotFoundError as error:
        if server is None:
            raise LostBlock(
                f"Block {block} of the Dataset, {rows} rows from Spark, was lost with {home}. "
                "Call to_ray again; with recoverable=True, Spark computes lost blocks again."
            ) from error
        table = _restage(path, block, here, *server)
    if table.num_rows != rows:
        raise ExchangeException(
            f"Block {block} of the Dataset had {rows} rows, and has {table.num_rows} after "
            "Spark computed it again. Cache or checkpoint the DataFrame, then call to_ray again."
        )
    return table, here


def join(*blocks: pa.Table) -> tuple[pa.Table, str]:
    """Return the rows of these blocks as one block, and the id of the Ray node that holds it."""
    import ray

    return pa.concat_tables(blocks), str(ray.get_runtime_context().get_node_id())


def _map(path: str) -> pa.Table:
    with pa.memory_map(path) as source, pa.ipc.open_stream(source) as stream:
        return stream.read_all()


def _restage(path: str, block: int, here: str, server: Any, export: str) -> pa.Table:
    """Have Spark compute a block again and read it; repeat if its new node is lost before that."""
    import ray
    from ray import exceptions

    gone = path
    for _ in range(MAX_RESTAGES):
        request = uuid.uuid4().hex
        node, found = ray.get(server.restage.remote(export, block, request, gone))
        try:
            return _map(found) if node == here else _fetch(found, node)
        except (
            FileNotFoundError,
            exceptions.NodeDiedError,
            exceptions.ObjectLostError,
            exceptions.TaskUnschedulableError,
            exceptions.WorkerCrashedError,
        ) as error:
            why, gone = error, found
        finally:
            server.release.remote(export, block, request)
    raise LostBlock(
        f"Block {block} of the Dataset was lost with its Ray node. Spark computed it again "
        f"{MAX_RESTAGES} times, and each time the node that held it was lost before it was read. "
        "Find out from the cluster's log why these nodes ended, then call to_ray again."
    ) from why


def _fetch(path: str, node: str) -> pa.Table:
    """Read a file that is staged on another node: Spark decides where it computes a block."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    map_there = ray.remote(num_cpus=0)(_map).options(
        scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
    )
    return ray.get(map_there.remote(path))


def inspect(runs: list[list[Any]], max_bytes: int) -> list[tuple[pa.Schema | None, list[Chunk]]]:
    """Return the Arrow schema of each run of blocks, and its chunks for Spark.

    `runs` are references. The schema is None if the blocks of a run have different ones. A run has
    no chunks if one of its columns has no equivalent in Spark; the driver raises the error.
    """
    import ray

    from rayonspark.data._ray_data import joined_arrow

    # Equal schemas become the same object, which is pickled once.
    schemas: list[pa.Schema] = []

    def inspect_one(run: list[Any]) -> tuple[pa.Schema | None, list[Chunk]]:
        table = joined_arrow(ray.get(run))
        if table is None:
            return None, []
        schema = table.schema.remove_metadata()
        try:
            chunks = chunks_of(table, spark_schema(schema), max_bytes)
        except InvalidSpecException:
            chunks = []
        return intern_schema(schema, schemas), chunks

    return [inspect_one(run) for run in runs]


def split(runs: list[list[Any]], schema: pa.Schema, max_bytes: int) -> list[list[Chunk]]:
    """Return the chunks of each run in this schema, which differs from the run's own."""
    import ray

    return [chunks_of(_joined(ray.get(run)), schema, max_bytes) for run in runs]


def write_chunk(
    path: str, schema: pa.Schema, start: int, pieces: Sequence[int], *blocks: Any
) -> int:
    """Write a chunk of a run in Spark's layouts; return the size of the file in bytes."""
    target = Path(path)
    draft = target.with_name(f"{target.name}.tmp")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        # Not mapped: if /dev/shm is full, a write raises an error, but a mapping gets a signal.
        with pa.OSFile(str(draft), "wb") as sink:
            write(_joined(blocks), start, pieces, schema, sink)
        size = draft.stat().st_size
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return size


def _joined(blocks: Sequence[Any]) -> pa.Table:
    """Return the blocks of a run that was inspected: they have one schema."""
    from rayonspark.data._ray_data import joined_arrow

    table = joined_arrow(blocks)
    if table is None:
        raise ExchangeException(
            "A Dataset's blocks have changed since Spark began to read it: Ray has computed them "
            "again, with other columns. Call to_spark again."
        )
    return table
