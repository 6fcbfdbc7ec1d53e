"""The only module that uses private API of Ray Data; it supports Ray 2.41 to 2.60."""

from __future__ import annotations

import copy
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
    """A block in the object store: its reference, its size, and a node that holds it."""

    ref: Any
    rows: int
    bytes: int
    node: str = ""


@dataclass(frozen=True)
class BlockRun:
    """Neighbouring blocks of a Dataset that Spark reads as one: a large block, or small ones."""

    blocks: tuple[LoadedBlock, ...]

    @property
    def refs(self) -> list[Any]:
        """The references, in the order of the rows."""
        return [block.ref for block in self.blocks]

    @property
    def node(self) -> str:
        """The Ray node that holds the largest block."""
        return max(self.blocks, key=lambda block: block.bytes).node


def dataset_of(blocks: Sequence[LoadedBlock], schema: pa.Schema) -> Dataset:
    """Build a Dataset from blocks that are in the object store, without running a task.

    ``ray.data.from_arrow_refs`` would run a 1-CPU task per block to fetch the metadata that is
    already known here, and would wait forever if actors hold all CPUs.
    """
    from ray.data import DataContext
    from ray.data._internal.logical.interfaces import LogicalPlan
    from ray.data._internal.logical.operators.from_operators import FromArrow
    from ray.data._internal.stats import DatasetStats
    from ray.data.dataset import MaterializedDataset

    metadata = [_metadata(block, schema) for block in blocks]
    stats = DatasetStats(metadata={"FromSpark": metadata}, parent=None)
    context = copy.deepcopy(DataContext.get_current())
    plan = LogicalPlan(FromArrow([block.ref for block in blocks], metadata), context)
    make: Any = MaterializedDataset
    if "in_stats" in inspect.signature(MaterializedDataset.__init__).parameters:
        dataset: Dataset = make(plan, context, stats)
    else:
        # Up to 2.55, the computed blocks are in a separate ExecutionPlan.
        execution: Any = import_module("ray.data._internal.plan")
        computed = execution.ExecutionPlan(stats, data_context=context)
        if hasattr(computed, "cache_schema"):
            # Up to 2.54, which otherwise lose the schema of a Dataset without rows.
            computed.cache_schema(schema)
        dataset = make(computed, plan)
    return dataset


def _metadata(block: LoadedBlock, schema: pa.Schema) -> Any:
    from ray.data import block as of_ray

    known: dict[str, Any] = {"input_files": None, "exec_stats": None}
    known |= {"num_rows": block.rows, "size_bytes": block.bytes}
    plain: Any = of_ray.BlockMetadata
    make: Any = getattr(of_ray, "BlockMetadataWithSchema", None)
    if make is None:
        # Up to 2.47, the schema is part of the metadata.
        return plain(**known, schema=schema)
    # Since 2.55, the constructor is from_metadata.
    return getattr(make, "from_metadata", make)(plain(**known), schema=schema)


def blocks_of(dataset: Dataset) -> list[LoadedBlock]:
    """Return the blocks of a Dataset, computing it first if necessary.

    Several nodes may hold a block, for example because the driver has read it. This picks the node
    with the most CPUs: it already has workers, which the head would have to start first.
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
    """Return the Arrow schema that Ray Data knows for a Dataset; empty if it knows none."""
    import pyarrow as pa

    schema = dataset.schema()
    known = schema.base_schema if schema is not None else None
    return known if isinstance(known, pa.Schema) else pa.schema([])


def joined_arrow(blocks: Sequence[Any]) -> pa.Table | None:
    """Return blocks as one Arrow table; None if they have different schemas."""
    import pyarrow as pa

    from rayonspark.data.layout import same_schema

    # An empty block may have lost its columns.
    arrows = [arrow_of(block) for block in blocks]
    tables = [table for table in arrows if table.num_columns or table.num_rows] or arrows[:1]
    if len(tables) == 1:
        return tables[0]
    if not all(same_schema(table.schema, tables[0].schema) for table in tables):
        return None
    whole = pa.concat_tables(tables)
    try:
        return whole.combine_chunks()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        # Not of every type: some extensions, and dictionaries with too many values together.
        return whole


def arrow_of(block: Any) -> pa.Table:
    """Return a block of Ray Data, Arrow or pandas, as an Arrow table."""
    import pyarrow as pa

    if isinstance(block, pa.Table):
        return block
    from ray.data.block import BlockAccessor

    return BlockAccessor.for_block(block).to_arrow()
