"""Determine how Spark reads the blocks of a Dataset: one schema, and chunks of bounded size.

blocks ──small neighbours──► run ──rows──► chunk: one file, one partition in Spark
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from rayonspark.data._ray_data import BlockRun, LoadedBlock
from rayonspark.data.layout import intern_schema, spark_schema, unified
from rayonspark.data.node_tasks import remote, tasks_of_nodes
from rayonspark.errors import InvalidSpecException

if TYPE_CHECKING:
    import pyarrow as pa

    from rayonspark.data._chunks import Chunk


RUNS_PER_SLOT = 4
"""Blocks are joined only if there are more, so that every task slot has work."""
MOST_RUNS = 16
"""How many runs a task inspects: after Ctrl-C, it goes on to its end."""
RUN_BYTES = 4 << 20
"""Limit of joined blocks: what a partition costs is then little beside its rows."""


def split(
    blocks: Sequence[LoadedBlock],
    known: Callable[[], pa.Schema],
    max_bytes: int,
    slots: int,
    membership: AbstractContextManager[Any],
) -> tuple[pa.Schema, list[tuple[BlockRun, Chunk]]]:
    """Join small blocks, inspect and split them, with tasks on their nodes.

    Ray Data cannot answer this: it keeps at most one schema for all blocks.

    Parameters
    ----------
    blocks : sequence of LoadedBlock
        The blocks of the Dataset.
    known : callable
        Returns the schema that Ray Data knows for the Dataset; used if no block has columns.
    max_bytes : int
        Limit of a file's size in bytes; only a single row may exceed it.
    slots : int
        Number of Spark's task slots.
    membership : Membership
        Lets calls to Ray through while this process is in the cluster.

    Returns
    -------
    tuple of pyarrow.Schema and list of BlockRun and Chunk
        The schema in Spark's layouts, and each chunk with its run, in the order of the rows.

    Raises
    ------
    InvalidSpecException
        The blocks' schemas cannot be unified, or a column has no equivalent in Spark.
    ClusterStoppedException
        This process has left the cluster.
    """
    from rayonspark.data import _tasks

    runs = _inspected(runs_of(blocks, min(max_bytes, RUN_BYTES), slots), max_bytes, membership)
    # An empty block may have lost its columns; Ray Data then still knows them.
    own: list[pa.Schema] = []
    arrows = [intern_schema(arrow, own) if len(arrow) else arrow for _, arrow, _ in runs]
    schema = spark_schema(unified(own or [known()]))
    same = {id(arrow) for arrow in own if _own_layout(arrow) == schema}
    others = [run for (run, _, _), arrow in zip(runs, arrows, strict=True) if id(arrow) not in same]
    resplit = dict(
        zip(others, _run(_tasks.split, others, membership, schema, max_bytes), strict=True)
    )
    return schema, [(run, chunk) for run, _, chunks in runs for chunk in resplit.get(run, chunks)]


def _inspected(
    runs: Sequence[BlockRun], max_bytes: int, membership: AbstractContextManager[Any]
) -> list[tuple[BlockRun, pa.Schema, list[Chunk]]]:
    """Return each run with its schema and chunks; instead of a run of mixed schemas, its blocks."""
    from rayonspark.data import _tasks

    found = _run(_tasks.inspect, runs, membership, max_bytes)
    mixed = [run for run, (arrow, _) in zip(runs, found, strict=True) if arrow is None]
    singles = [BlockRun((block,)) for run in mixed for block in run.blocks]
    alone = iter(_inspected(singles, max_bytes, membership) if singles else [])
    whole: list[tuple[BlockRun, pa.Schema, list[Chunk]]] = []
    for run, (arrow, chunks) in zip(runs, found, strict=True):
        if arrow is None:
            whole += itertools.islice(alone, len(run.blocks))
        else:
            whole.append((run, arrow, chunks))
    return whole


def runs_of(blocks: Sequence[LoadedBlock], max_bytes: int, slots: int) -> list[BlockRun]:
    """Join neighbours of at most `max_bytes`, but leave `RUNS_PER_SLOT` runs for each slot."""
    fair = sum(block.bytes for block in blocks) // (RUNS_PER_SLOT * slots)
    limit = min(max_bytes, fair)
    most = max(1, -(-len(blocks) // (RUNS_PER_SLOT * slots)))
    runs: list[list[LoadedBlock]] = []
    size = 0
    for block in blocks:
        if runs and size + block.bytes <= limit and len(runs[-1]) < most:
            runs[-1].append(block)
            size += block.bytes
        else:
            runs.append([block])
            size = block.bytes
    return [BlockRun(tuple(run)) for run in runs]


def _own_layout(arrow: pa.Schema) -> pa.Schema | None:
    """Return the schema in Spark's layouts; None if it has one only when unified with others."""
    try:
        return spark_schema(arrow)
    except InvalidSpecException:
        return None


def shares(homes: Sequence[str], at_once: Mapping[str, int]) -> dict[str, deque[list[int]]]:
    """Distribute runs of blocks over tasks on the nodes that hold them.

    Parameters
    ----------
    homes : sequence of str
        The node of each run.
    at_once : mapping of str to int
        Number of tasks that a node may run; 1 for a node that is not listed.

    Returns
    -------
    dict of str to deque of list of int
        For each node, the indices of the runs that each of its tasks handles, at least one.
    """
    by_node: dict[str, list[int]] = {}
    for i, node in enumerate(homes):
        by_node.setdefault(node, []).append(i)
    tasks: dict[str, deque[list[int]]] = {}
    for node, indices in by_node.items():
        size = min(MOST_RUNS, -(-len(indices) // at_once.get(node, 1)))
        parts = (indices[first : first + size] for first in range(0, len(indices), size))
        tasks[node] = deque(parts)
    return tasks


def _run(
    function: Callable[..., Any],
    runs: Sequence[BlockRun],
    membership: AbstractContextManager[Any],
    *rest: Any,
) -> list[Any]:
    """Run tasks on the nodes of the blocks; each handles its runs one after the other.

    After an error or Ctrl-C, those that run end by themselves; see ``NodeTasks.drop_waiting``.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if not runs:
        return []
    with membership:
        at_once = tasks_of_nodes()
    waiting = shares([run.node for run in runs], at_once)
    running: dict[Any, tuple[str, list[int]]] = {}
    results: list[Any] = [None] * len(runs)

    def start(node: str) -> None:
        if not waiting[node]:
            return
        indices = waiting[node].popleft()
        on_node = NodeAffinitySchedulingStrategy(node, soft=True) if node else "DEFAULT"
        task = remote(function).options(scheduling_strategy=on_node)
        with membership:
            running[task.remote([runs[i].refs for i in indices], *rest)] = (node, indices)

    for node in waiting:
        for _ in range(at_once.get(node, 1)):
            start(node)
    while running:
        done, _ = ray.wait([*running], num_returns=1)
        for ref in done:
            node, indices = running.pop(ref)
            for i, result in zip(indices, ray.get(ref), strict=True):
                results[i] = result
            start(node)
    return results
