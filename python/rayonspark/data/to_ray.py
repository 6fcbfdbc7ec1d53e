"""Loads a Spark DataFrame into Ray as a Dataset.

JVM ──staged blocks──► feed ──┐
                              ├─► one queue ──► run(): starts Ray's tasks, restages, releases, ends
Ray ──ended tasks─────────────┘
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from rayonspark._background import in_background
from rayonspark.data._ray_data import LoadedBlock, dataset_of
from rayonspark.data.exchange import Exchange
from rayonspark.data.membership import Membership
from rayonspark.data.node_tasks import Ended, NodeTasks, cause_of, nodes_alive
from rayonspark.data.staged_block import StagedBlock, check_complete
from rayonspark.errors import ExchangeException, RayOnSparkException

if TYPE_CHECKING:
    from ray.data import Dataset

    from rayonspark._jvm import JvmExport

FEED_MS = 1000
"""Limit of one call to the JVM, which returns at once when there are blocks."""
CONNECTION_CHECK_S = 1.0
"""Period of the connection check: no event reports that the user has called ray.shutdown()."""
MAX_LOSSES = 3
"""Give up on a block after this many node losses: by then the cause is not chance."""


@dataclass(frozen=True)
class Finished:
    """The feed has ended: the JVM reported that all blocks are encoded and loaded."""


Event = StagedBlock | Ended | Finished | BaseException
"""An exception ends the loading."""


class BlockLoader:
    """Loads staged blocks into the object store while Spark still encodes others.

    One thread runs it. Only that thread restages and releases blocks, so that the JVM's report of
    the end stays true until the thread itself changes it.

    Parameters
    ----------
    membership : Membership
        Membership of the cluster that receives the blocks.
    retries : tuple of actor handle and str, optional
        The actor that Ray's retries ask for lost blocks, and the export's name at that actor.
        Without it, a block that is lost later is an error.
    """

    def __init__(self, membership: Membership, retries: tuple[Any, str] | None = None) -> None:
        self._membership = membership
        self._retries = retries
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._feeding = False
        self._losses: Counter[int] = Counter()
        self._loaded: dict[int, tuple[StagedBlock, LoadedBlock]] = {}

    def cancel(self, error: RayOnSparkException) -> None:
        """End the loading with this error; may be called from any thread."""
        self._events.put(error)

    def run(self, export: JvmExport, *, join: bool = False) -> tuple[Dataset, Exchange]:
        """Load what `export` stages, in the order of Spark's rows; the export stays open.

        `join` makes one block of each partition, which may have been staged in several.
        """
        import pyarrow as pa

        begun = time.monotonic()
        # The first import takes a second, in which Spark already encodes.
        ray_data = in_background("rayonspark-import-ray-data", _import_ray_data)
        staged = self._load_all(export)
        report = export.report()
        check_complete([block for block, _ in staged], report)
        blocks = self._joined(staged) if join else [block for _, block in staged]
        loaded = time.monotonic()
        schema = pa.ipc.read_schema(pa.py_buffer(export.schema()))
        ray_data.result()
        with self._membership:
            dataset = dataset_of(blocks or [_empty(schema)], schema)
        return dataset, _statistics(report, len(blocks), begun, loaded)

    def _load_all(self, export: JvmExport) -> list[tuple[StagedBlock, LoadedBlock]]:
        from rayonspark.data import _tasks

        tasks = NodeTasks(_tasks.load, self._events.put, self._membership, returns=2, soft=True)
        try:
            while not self._is_complete(export):
                self._handle(self._next_event(), export, tasks)
        except BaseException:
            tasks.drop_waiting()
            raise
        return sorted(self._loaded.values(), key=lambda b: (b[0].partition, b[0].sequence))

    def _joined(self, staged: list[tuple[StagedBlock, LoadedBlock]]) -> list[LoadedBlock]:
        """Return one block for each partition, in order. Nothing is staged any more."""
        from rayonspark.data import _tasks

        partitions: dict[int, list[LoadedBlock]] = {}
        for block, loaded in staged:
            partitions.setdefault(block.partition, []).append(loaded)
        whole = {number: some[0] for number, some in partitions.items() if len(some) == 1}
        tasks = NodeTasks(_tasks.join, self._events.put, self._membership, returns=2, soft=True)
        try:
            for number in partitions.keys() - whole.keys():
                some = partitions[number]
                tasks.submit(number, some[0].node, *(block.ref for block in some))
            while len(whole) < len(partitions):
                event = self._next_event()
                if not isinstance(event, Ended):
                    raise event if isinstance(event, BaseException) else AssertionError(event)
                refs = tasks.settle(event)
                partition: Any = event.key
                some = partitions[partition]
                rows, size = sum(b.rows for b in some), sum(b.bytes for b in some)
                if event.error is not None:
                    raise _transfer_error(
                        f"make one block of partition {partition} of the DataFrame, {rows} rows "
                        f"and {size} bytes",
                        event.error,
                        "Set a larger num_blocks, or leave it out, then call to_ray again.",
                    )
                whole[partition] = LoadedBlock(refs[0], rows, size, event.value)
        except BaseException:
            tasks.drop_waiting()
            raise
        return [whole[number] for number in partitions]

    def _is_complete(self, export: JvmExport) -> bool:
        """Return whether all blocks are loaded; if not, the feed runs when this returns.

        The feed may have ended too early: an event that was queued before the feed's last one may
        have restaged a lost block. So this asks the JVM again, in the only thread that restages
        blocks.
        """
        if self._feeding:
            return False
        self._restage_lost(export)
        if export.finished():
            return True
        self._feeding = True
        in_background("rayonspark-export", lambda: self._feed(export))
        return False

    def _next_event(self) -> Event:
        """Wait for the next event.

        There always is one, because the feed runs whenever this is called. The feed delivers
        blocks, or ends: with `Finished` when all blocks are released, with an error when the export
        failed or is closed. Until then, either Spark encodes, or a task runs here, whose end Ray
        reports as long as this process is in the cluster.
        """
        while True:
            try:
                return self._events.get(timeout=CONNECTION_CHECK_S)
            except Empty:
                if self._membership.over:
                    raise self._membership.error() from None

    def _handle(self, event: Event, export: JvmExport, tasks: NodeTasks) -> None:
        if isinstance(event, StagedBlock):
            arguments = (event.path, event.id, event.rows, event.home, self._retries)
            tasks.submit(event, event.rayNodeId, *arguments)
        elif isinstance(event, Ended):
            self._ended(event, tasks.settle(event), export)
        elif isinstance(event, Finished):
            self._feeding = False
        else:
            raise event

    def _ended(self, ended: Ended, refs: tuple[Any, ...], export: JvmExport) -> None:
        block: Any = ended.key
        if ended.error is None:
            loaded = LoadedBlock(refs[0], block.rows, block.bytes, ended.value)
            self._loaded[block.id] = (block, loaded)
            export.release([block.id])
        elif _lost(ended.error):
            self._restage(block, export, ended.error)
        else:
            raise _failure(block, ended.error)

    def _restage(self, block: StagedBlock, export: JvmExport, error: BaseException) -> None:
        """Have Spark encode a lost block again, unless it was lost too often."""
        self._losses[block.id] += 1
        if self._losses[block.id] > MAX_LOSSES:
            raise _failure(block, error)
        export.recompute(block.id, block.path)

    def _restage_lost(self, export: JvmExport) -> None:
        """Restage the blocks that the object store has lost since they were loaded."""
        if self._retries is not None:
            # Ray itself runs their tasks again, which then request the blocks.
            return
        with self._membership:
            alive = {node["NodeID"] for node in nodes_alive()}
        lost = [(block, it.node) for block, it in self._loaded.values() if it.node not in alive]
        for block, node in lost:
            del self._loaded[block.id]
            self._restage(block, export, ExchangeException(f'Ray node "{node}" is gone'))

    def _feed(self, export: JvmExport) -> None:
        try:
            while not export.finished():
                for block in export.next(FEED_MS):
                    self._events.put(StagedBlock(**block))
            self._events.put(Finished())
        except BaseException as error:
            self._events.put(error)


def _import_ray_data() -> None:
    import ray.data  # noqa: F401


def _empty(schema: Any) -> LoadedBlock:
    """Return a block without rows: a Dataset without blocks has no schema."""
    import ray

    return LoadedBlock(ray.put(schema.empty_table()), 0, 0)


def _statistics(report: dict[str, float], blocks: int, begun: float, loaded: float) -> Exchange:
    size = report["bytes"]
    return Exchange(
        direction="to_ray",
        rows=int(report["rows"]),
        bytes=int(size),
        blocks=blocks,
        local_share=report["local_bytes"] / size if size else 1.0,
        seconds={
            "encode": report["encode_s"],
            "load": loaded - begun,
            "total": time.monotonic() - begun,
        },
    )


def _failure(block: StagedBlock, error: BaseException) -> BaseException:
    return _transfer_error(
        f"load block {block.id} of the DataFrame, {block.rows} rows and {block.bytes} bytes on "
        f"{block.home}",
        error,
        "Fix the cause, then call to_ray again.",
    )


def _transfer_error(work: str, error: BaseException, advice: str) -> BaseException:
    """Return why a Ray task of the transfer failed: RayOnSpark's error, or one that wraps it."""
    cause = cause_of(error)
    if isinstance(cause, RayOnSparkException):
        return cause
    failure = ExchangeException(f"Ray could not {work}: {cause}. {advice}")
    failure.__cause__ = error
    return failure


def _lost(error: BaseException) -> bool:
    """Return whether a task failed because its node is gone, and the file with it."""
    from ray.exceptions import (
        NodeDiedError,
        RayTaskError,
        TaskUnschedulableError,
        WorkerCrashedError,
    )

    from rayonspark.data._tasks import LostBlock

    if isinstance(error, RayTaskError):
        return isinstance(error.cause, LostBlock)
    return isinstance(error, WorkerCrashedError | NodeDiedError | TaskUnschedulableError)
