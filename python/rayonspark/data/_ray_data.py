"""The only file that touches the private API of Ray Data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset


@dataclass(frozen=True)
class LoadedBlock:
    """One block in the object store: its reference, and what is known of it."""

    ref: Any
    rows: int
    bytes: int
    node: str = ""


def dataset_of(blocks: Sequence[LoadedBlock], schema: pa.Schema) -> Dataset:
    """Make a Dataset of blocks that are in the store; runs no task.

    ``ray.data.from_arrow_refs`` would run a task of one CPU for each block, to learn what is known
    here, and wait for ever when actors hold all CPUs.
    """
    from ray.data import DataContext
    from ray.data._internal.logical.interfaces import LogicalPlan
    from ray.data._internal.logical.operators import FromArrow
    from ray.data._internal.stats import DatasetStats
    from ray.data.block import BlockMetadata, BlockMetadataWithSchema
    from ray.data.dataset import MaterializedDataset

    metadata = [
        BlockMetadataWithSchema.from_metadata(
            BlockMetadata(
                num_rows=block.rows, size_bytes=block.bytes, input_files=None, exec_stats=None
            ),
            schema=schema,
        )
        for block in blocks
    ]
    refs = [block.ref for block in blocks]
    stats = DatasetStats(metadata={"FromSpark": list(metadata)}, parent=None)
    context = DataContext.get_current().copy()
    plan = LogicalPlan(FromArrow(refs, metadata), context)
    return MaterializedDataset(plan, context, stats)


def blocks_of(dataset: Dataset) -> list[LoadedBlock]:
    """Give the blocks of a Dataset, which is computed if it is not yet."""
    import ray.experimental

    bundles = list(dataset.materialize().iter_internal_ref_bundles())
    entries = [entry for bundle in bundles for entry in bundle.blocks]
    places = ray.experimental.get_object_locations([entry.ref for entry in entries])
    blocks = []
    for entry in entries:
        nodes = places.get(entry.ref, {}).get("node_ids", [])
        size, rows = entry.metadata.size_bytes or 0, entry.metadata.num_rows or 0
        node = nodes[0] if nodes else ""
        blocks.append(LoadedBlock(entry.ref, int(rows), int(size), node))
    return blocks


def schema_of(dataset: Dataset) -> pa.Schema:
    """Give the Arrow schema that Ray Data knows of a Dataset; an empty one when it knows none."""
    import pyarrow as pa

    schema = dataset.schema()
    known = schema.base_schema if schema is not None else None
    return known if isinstance(known, pa.Schema) else pa.schema([])
