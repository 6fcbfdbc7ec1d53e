"""Block references and checksums of a Ray Dataset, without loading rows into the driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exchanges import frame as frame_module
from exchanges.frame import Frame

if TYPE_CHECKING:
    from ray.data import Dataset


def require_stored(references: list[Any]) -> None:
    """Raise unless every block is already in an object store."""
    import ray

    _, pending = ray.wait(references, num_returns=len(references), timeout=0, fetch_local=False)
    if pending:
        raise AssertionError(f"{len(pending)} of {len(references)} blocks are not stored yet.")


def references_of(dataset: Dataset) -> list[Any]:
    """Return the references of the blocks, in order."""
    bundles = dataset.iter_internal_ref_bundles()
    return [reference for bundle in bundles for reference in bundle.block_refs]


def checksum(references: list[Any], frame: Frame) -> list[float]:
    """Compute the checksum on the blocks' nodes; the driver reads no row."""
    import ray

    # One CPU each: for tasks without CPUs, Ray would start a worker per task, and would still be
    # starting them when the next contestant runs.
    @ray.remote(num_cpus=1)
    def of_block(block: Any) -> list[float]:
        import pyarrow

        table = block if isinstance(block, pyarrow.Table) else pyarrow.Table.from_pandas(block)
        return frame.checksum(table)

    ray.cloudpickle.register_pickle_by_value(frame_module)
    sums = ray.get([of_block.remote(reference) for reference in references])
    return [sum(values) for values in zip(*sums, strict=True)]


def make(frame: Frame, rows: int, blocks: int) -> Dataset:
    """Return a materialized Dataset of the frame's rows, which Ray makes on all of its nodes."""
    import ray

    ray.cloudpickle.register_pickle_by_value(frame_module)
    ids = ray.data.range(rows, override_num_blocks=blocks)
    made = ids.map_batches(
        lambda table: frame.arrow_table(table.column("id").combine_chunks()),
        batch_format="pyarrow",
        batch_size=None,
    )
    return made.materialize()
