"""A Spark DataFrame becomes a Ray Dataset.

JVM ──staged blocks──► feed ──┐
                              ├─► one queue ──► load(): starts Ray's tasks, counts, releases
Ray ──tasks that are done─────┘
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from rayonspark.data._ray_data import LoadedBlock, dataset_of
from rayonspark.data.exchange import Exchange
from rayonspark.errors import ExchangeException

if TYPE_CHECKING:
    from ray.data import Dataset

    from rayonspark._jvm import JvmExport

FEED_MS = 1000
TASKS_PER_NODE = 2
"""One maps its file while the other is copied; more would only wait for the same CPUs."""
MAX_LOSSES = 3
"""A block whose nodes die so often on its way has another trouble than bad luck."""


@dataclass(frozen=True)
class StagedBlock:
    """A file beside a Ray node, under the JVM's names."""

    id: int
    partition: int
    sequence: int
    executorId: str
    rayNodeId: str
    path: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Done:
    """A task has loaded its block, or failed."""

    block: StagedBlock
    error: BaseException | None


class Finished:
    """No more blocks come from Spark."""


Event = StagedBlock | Done | Finished | BaseException


def to_ray(export: JvmExport, desk: Any | None) -> tuple[Dataset, Exchange]:
    """Load what `export` stages; the export stays open.

    Parameters
    ----------
    export : JvmExport
        Where the blocks come from.
    desk : actor handle, optional
        Who has lost blocks computed again.
    """
    import pyarrow as pa

    begun = time.monotonic()
    loading = Loading(export, desk)
    try:
        blocks = loading.run()
    except BaseException:
        loading.cancel()
        raise
    schema = pa.ipc.read_schema(pa.py_buffer(export.schema()))
    report = export.report()
    exchange = Exchange(
        direction="to_ray",
        rows=int(report["rows"]),
        bytes=int(report["bytes"]),
        blocks=int(report["blocks"]),
        local_share=report["local_bytes"] / report["bytes"] if report["bytes"] else 1.0,
        seconds={"encode": report["encode_s"], "total": time.monotonic() - begun},
    )
    return dataset_of(blocks, schema), exchange


class Loading:
    """Takes blocks from staging into the object store, while Spark still encodes others."""

    def __init__(self, export: JvmExport, desk: Any | None) -> None:
        self._export = export
        self._desk = desk
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._waiting: deque[StagedBlock] = deque()
        self._busy: Counter[str] = Counter()
        self._running: dict[int, Any] = {}
        self._losses: Counter[int] = Counter()
        self._feeding = False
        self._loaded: dict[int, tuple[StagedBlock, LoadedBlock]] = {}
        self._task = _task()

    def run(self) -> list[LoadedBlock]:
        """Load all blocks; give them in the order of their rows."""
        self._start_feed()
        while self._feeding or self._running or self._waiting:
            event = self._events.get()
            if isinstance(event, StagedBlock):
                self._waiting.append(event)
            elif isinstance(event, Done):
                self._done(event)
            elif isinstance(event, Finished):
                self._feeding = False
            else:
                raise event
            self._start()
        in_order = sorted(self._loaded.values(), key=lambda b: (b[0].partition, b[0].sequence))
        # Ray's callbacks hold this object, and it must not hold the blocks.
        self._loaded.clear()
        return [block for _, block in in_order]

    def cancel(self) -> None:
        """End the tasks that still run."""
        import ray

        for ref in self._running.values():
            ray.cancel(ref)

    def _start_feed(self) -> None:
        self._feeding = True
        threading.Thread(target=self._feed, name="rayonspark-export", daemon=True).start()

    def _feed(self) -> None:
        try:
            while True:
                blocks = self._export.next(FEED_MS)
                for block in blocks:
                    self._events.put(StagedBlock(**block))
                if not blocks and self._export.finished():
                    break
            self._events.put(Finished())
        except BaseException as error:
            self._events.put(error)

    def _start(self) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        held: list[StagedBlock] = []
        while self._waiting:
            block = self._waiting.popleft()
            if self._busy[block.rayNodeId] >= TASKS_PER_NODE:
                held.append(block)
                continue
            self._busy[block.rayNodeId] += 1
            beside = NodeAffinitySchedulingStrategy(block.rayNodeId, soft=True)
            table, rows = self._task.options(scheduling_strategy=beside).remote(
                block.path, block.id, block.rows, self._desk
            )
            self._running[block.id] = table
            # The small one tells of the end; the table's own future would fetch the table.
            rows.future().add_done_callback(
                lambda done, block=block: self._events.put(Done(block, done.exception()))
            )
        self._waiting.extend(held)

    def _done(self, done: Done) -> None:
        block = done.block
        table = self._running.pop(block.id)
        self._busy[block.rayNodeId] -= 1
        if done.error is None:
            self._loaded[block.id] = (block, LoadedBlock(table, block.rows, block.bytes))
            self._export.release([block.id])
        elif _lost(done.error) and self._losses[block.id] < MAX_LOSSES:
            self._losses[block.id] += 1
            self._export.want(block.id)
            if not self._feeding:
                self._start_feed()
        else:
            raise done.error


def _lost(error: BaseException) -> bool:
    """Whether a task failed because its node, and the file with it, is gone."""
    from ray.exceptions import RayTaskError, WorkerCrashedError

    if isinstance(error, RayTaskError):
        return isinstance(error.cause, ExchangeException)
    return isinstance(error, WorkerCrashedError)


def _task() -> Any:
    import ray

    from rayonspark.data import _tasks

    return ray.remote(num_cpus=0, num_returns=2, max_retries=3)(_tasks.load)
