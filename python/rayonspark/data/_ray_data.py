"""The only file that touches the private API of Ray Data, as Ray 2.52 to 2.60 have it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rayonspark.data.node_tasks import cpus_of_nodes

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset


@dataclass(frozen=True)
class LoadedBlock:
    """One block in the object store: its reference, what is known of it, and a node that has it."""

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
    from ray.data._internal.logical.operators.from_operators import FromArrow
    from ray.data._internal.stats import DatasetStats
    from ray.data.dataset import MaterializedDataset

    metadata = [_metadata(block, schema) for block in blocks]
    stats = DatasetStats(metadata={"FromSpark": metadata}, parent=None)
    context = DataContext.get_current().copy()
    plan = LogicalPlan(FromArrow([block.ref for block in blocks], metadata), context)
    make: Any = MaterializedDataset
    if "in_stats" in inspect.signature(MaterializedDataset.__init__).parameters:
        dataset: Dataset = make(plan, context, stats)
    else:
        # Until 2.55, what has been computed stood in a plan of its own.
        execution: Any = import_module("ray.data._internal.plan")
        dataset = make(execution.ExecutionPlan(stats, context), plan)
    return dataset


def _metadata(block: LoadedBlock, schema: pa.Schema) -> Any:
    from ray.data.block import BlockMetadata, BlockMetadataWithSchema

    known = BlockMetadata(
        num_rows=block.rows, size_bytes=block.bytes, input_files=None, exec_stats=None
    )
    make: Any = BlockMetadataWithSchema
    # The name of the constructor since 2.55.
    return getattr(make, "from_metadata", make)(known, schema=schema)


def blocks_of(dataset: Dataset) -> list[LoadedBlock]:
    """Give the blocks of a Dataset, which is computed if it is not yet.

    Where several nodes have a block, because the driver has read it, say, the one with most CPUs is
    given: it has workers at hand, which the head has to start first.
    """
    import ray.experimental

    known = [
        pair
        for bundle in dataset.iter_internal_ref_bundles()
        for pair in zip(bundle.block_refs, bundle.metadata, strict=True)
    ]
    places = ray.experimental.get_object_locations([ref for ref, _ in known])
    cpus = cpus_of_nodes()
    blocks = []
    for ref, metadata in known:
        nodes = places.get(ref, {}).get("node_ids", [])
        node = max(nodes, key=lambda each: cpus.get(each, -1), default="")
        size, rows = metadata.size_bytes or 0, metadata.num_rows or 0
        blocks.append(LoadedBlock(ref, int(rows), int(size), node))
    return blocks


def schema_of(dataset: Dataset) -> pa.Schema:
    """Give the Arrow schema that Ray Data knows of a Dataset; an empty one when it knows none."""
    import pyarrow as pa

    schema = dataset.schema()
    known = schema.base_schema if schema is not None else None
    return known if isinstance(known, pa.Schema) else pa.schema([])


def arrow_of(block: Any) -> pa.Table:
    """Give a block of Ray Data, Arrow or pandas, as an Arrow table."""
    import pyarrow as pa

    if isinstance(block, pa.Table):
        return block
    from ray.data.block import BlockAccessor

    return BlockAccessor.for_block(block).to_arrow()
