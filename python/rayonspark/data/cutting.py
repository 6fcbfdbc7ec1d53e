"""The blocks of a Dataset as Spark will read them: one schema, and parts of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rayonspark.data._ray_data import LoadedBlock
from rayonspark.data.layout import spark_schema, unified
from rayonspark.data.node_tasks import remote, tasks_of_nodes
from rayonspark.errors import InvalidSpecException

if TYPE_CHECKING:
    import pyarrow as pa

    from rayonspark.data._parts import Part


def cut(
    blocks: Sequence[LoadedBlock], known: Callable[[], pa.Schema], most: int
) -> tuple[pa.Schema, list[tuple[LoadedBlock, Part]]]:
    """Look at the blocks where they lie: Ray Data keeps one schema for all of them, at most.

    Parameters
    ----------
    blocks : sequence of LoadedBlock
        The Dataset's.
    known : callable
        Gives the schema that Ray Data knows of the Dataset, for when no block has columns.
    most : int
        Bytes that a file should have at most.

    Returns
    -------
    tuple of pyarrow.Schema and list of LoadedBlock and Part
        The schema in Spark's layouts, and each part with its block, in the order of the rows.

    Raises
    ------
    InvalidSpecException
        Blocks do not meet in one schema, or a column has no image in Spark.
    """
    from rayonspark.data import _tasks

    looks = _ask(_tasks.looked_at, blocks, most)
    # An empty block may have forgotten its columns; Ray Data still knows them then.
    own = {schema: None for schema, _ in looks if len(schema)}
    schema = spark_schema(unified(list(own) or [known()]))
    same = {arrow for arrow in own if _alone(arrow) == schema}
    others = [i for i, (arrow, _) in enumerate(looks) if arrow not in same]
    again = _ask(_tasks.cut, [blocks[i] for i in others], schema, most) if others else []
    parts = [parts for _, parts in looks]
    for i, other in zip(others, again, strict=True):
        parts[i] = other
    return schema, [
        (block, part) for block, some in zip(blocks, parts, strict=True) for part in some
    ]


def _alone(arrow: pa.Schema) -> pa.Schema | None:
    """In Spark's layouts; None where only the other blocks make an image of it."""
    try:
        return spark_schema(arrow)
    except InvalidSpecException:
        return None


def shares(homes: Sequence[str], at_once: Mapping[str, int]) -> list[tuple[str, list[int]]]:
    """Deal blocks to the tasks of the nodes that have them.

    Parameters
    ----------
    homes : sequence of str
        The node of each block.
    at_once : mapping of str to int
        Tasks that a node may have; one where it is not known.

    Returns
    -------
    list of str and list of int
        For each task its node and its blocks' numbers, of which there is at least one.
    """
    there: dict[str, list[int]] = {}
    for i, node in enumerate(homes):
        there.setdefault(node, []).append(i)
    dealt: list[tuple[str, list[int]]] = []
    for node, numbers in there.items():
        tasks = min(at_once.get(node, 1), len(numbers))
        dealt += [(node, numbers[first::tasks]) for first in range(tasks)]
    return dealt


def _ask(function: Callable[..., Any], blocks: Sequence[LoadedBlock], *rest: Any) -> list[Any]:
    """Run tasks for all blocks beside them; each takes its blocks one after the other."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = remote(function)
    tasks = shares([block.node for block in blocks], tasks_of_nodes())
    asked = []
    for node, mine in tasks:
        beside = NodeAffinitySchedulingStrategy(node, soft=True) if node else "DEFAULT"
        refs = [blocks[i].ref for i in mine]
        asked.append(task.options(scheduling_strategy=beside).remote(refs, *rest))
    answers: list[Any] = [None] * len(blocks)
    for (_, mine), some in zip(tasks, ray.get(asked), strict=True):
        for i, answer in zip(mine, some, strict=True):
            answers[i] = answer
    return answers
