"""A Spark DataFrame becomes a Ray Dataset.

JVM ──staged blocks──► feed ──┐
Ray ──tasks that have ended───┼─► one queue ──► run(): starts Ray's tasks, counts, releases
desk ─wishes of retries───────┘
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from rayonspark._background import in_background
from rayonspark.data._ray_data import LoadedBlock, dataset_of
from rayonspark.data.exchange import Exchange
from rayonspark.data.node_tasks import Ended, NodeTasks, nodes_alive
from rayonspark.errors import ExchangeException, RayOnSparkException

if TYPE_CHECKING:
    from ray.data import Dataset

    from rayonspark._jvm import JvmExport
    from rayonspark.data.desk import Desk, Wish

FEED_MS = 1000
"""The JVM answers at once when there are blocks; this only bounds one call."""
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
    local: bool

    @property
    def home(self) -> str:
        """Where it lies, in words."""
        return f'Ray node "{self.rayNodeId}" beside Spark executor {self.executorId}'


@dataclass(frozen=True)
class Finished:
    """No more blocks come from Spark."""


Event = Any
"""StagedBlock, Ended, Wish, Finished, or an error that ends the loading."""


class Loading:
    """Takes blocks from staging into the object store, while Spark still encodes others.

    Parameters
    ----------
    name : str
        Of the export, at the desk.
    desk : Desk, optional
        Who is asked for blocks that are lost; without it, a block that is lost later is an error.
    """

    def __init__(self, name: str, desk: Desk | None) -> None:
        self._name = name
        self._desk = desk
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._lock = threading.Lock()
        self._over = False
        self._feeding = False
        self._losses: Counter[int] = Counter()
        self._wishes: dict[int, Wish] = {}
        self._loaded: dict[int, tuple[StagedBlock, LoadedBlock]] = {}

    def cancel(self, error: RayOnSparkException) -> None:
        """End the loading with this error, from any thread."""
        self._events.put(error)

    def run(self, export: JvmExport) -> tuple[Dataset, Exchange]:
        """Load what `export` stages, which stays open; give it in the order of Spark's rows."""
        import pyarrow as pa

        begun = time.monotonic()
        # It takes a second the first time, in which Spark encodes.
        ray_data = in_background("rayonspark-import-ray-data", _import_ray_data)
        blocks = self._load_all(export)
        loaded = time.monotonic()
        schema = pa.ipc.read_schema(pa.py_buffer(export.schema()))
        ray_data.result()
        dataset = dataset_of(blocks or [_empty(schema)], schema)
        return dataset, _told(export.report(), begun, loaded)

    def _load_all(self, export: JvmExport) -> list[LoadedBlock]:
        from rayonspark.data import _tasks

        tasks = NodeTasks(_tasks.load, self._events.put, returns=2, soft=True)
        if self._desk is not None:
            self._desk.open(self._name, lambda wish: self._wished(export, wish))
        try:
            self._start_feed(export)
            while self._feeding or self._wishes or not tasks.idle or self._want_lost(export):
                self._handle(self._events.get(), export, tasks)
            self._end(export)
        except BaseException:
            tasks.cancel()
            raise
        in_order = sorted(self._loaded.values(), key=lambda b: (b[0].partition, b[0].sequence))
        # The desk keeps this object, which must not keep the blocks.
        self._loaded.clear()
        return [block for _, block in in_order]

    def _handle(self, event: Event, export: JvmExport, tasks: NodeTasks) -> None:
        from rayonspark.data.desk import Wish

        if isinstance(event, StagedBlock):
            self._staged(event, tasks)
        elif isinstance(event, Ended):
            self._ended(event, tasks.settle(event)[0], export)
        elif isinstance(event, Finished):
            self._feeding = False
        elif isinstance(event, Wish):
            self._wish(event, export)
        else:
            raise event

    def _staged(self, block: StagedBlock, tasks: NodeTasks) -> None:
        wish = self._wishes.pop(block.id, None)
        if wish is not None and self._desk is not None:
            self._desk.answer(wish, (block.rayNodeId, block.path))
            return
        ask = None if self._desk is None else (self._desk.actor, self._name)
        arguments = (block.path, block.id, block.rows, block.home, ask)
        tasks.submit(block, block.rayNodeId, *arguments)

    def _ended(self, ended: Ended, table: Any, export: JvmExport) -> None:
        block: Any = ended.key
        if ended.error is None:
            loaded = LoadedBlock(table, block.rows, block.bytes, ended.value)
            self._loaded[block.id] = (block, loaded)
            export.release([block.id])
        elif _lost(ended.error):
            self._want(block, export, ended.error)
        else:
            raise _failure(block, ended.error)

    def _wish(self, wish: Wish, export: JvmExport) -> None:
        if wish.kind == "release":
            export.release([wish.block])
        else:
            self._wishes[wish.block] = wish
            self._encode_again(wish.block, export)

    def _want(self, block: StagedBlock, export: JvmExport, error: BaseException) -> None:
        """Have Spark encode a lost block again, unless it is lost all the time."""
        self._losses[block.id] += 1
        if self._losses[block.id] > MAX_LOSSES:
            raise _failure(block, error)
        self._encode_again(block.id, export)

    def _encode_again(self, block: int, export: JvmExport) -> None:
        export.want(block)
        if not self._feeding:
            self._start_feed(export)

    def _want_lost(self, export: JvmExport) -> bool:
        """Whether blocks were lost from the store since they were loaded: they come again."""
        if self._desk is not None:
            # Ray itself has them loaded again, and their tasks ask for them.
            return False
        alive = {node["NodeID"] for node in nodes_alive()}
        lost = [(block, it.node) for block, it in self._loaded.values() if it.node not in alive]
        for block, node in lost:
            del self._loaded[block.id]
            self._want(block, export, ExchangeException(f'Ray node "{node}" is gone'))
        return bool(lost)

    def _wished(self, export: JvmExport, wish: Wish) -> None:
        with self._lock:
            if not self._over:
                self._events.put(wish)
                return
        in_background("rayonspark-restage", lambda: self._restage(export, wish))

    def _restage(self, export: JvmExport, wish: Wish) -> None:
        if wish.kind == "release":
            export.release([wish.block])
            return
        try:
            staged = export.restage(wish.block)
            answer: Any = (staged["rayNodeId"], staged["path"])
        except Exception as error:
            # It is the task's, and so the reader's of its block.
            answer = error
        if self._desk is not None:
            self._desk.answer(wish, answer)

    def _end(self, export: JvmExport) -> None:
        with self._lock:
            self._over = True
            late = [self._events.get() for _ in range(self._events.qsize())]
        for event in late:
            if isinstance(event, BaseException):
                raise event
            self._wished(export, event)

    def _start_feed(self, export: JvmExport) -> None:
        self._feeding = True
        in_background("rayonspark-export", lambda: self._feed(export))

    def _feed(self, export: JvmExport) -> None:
        try:
            while True:
                blocks = export.next(FEED_MS)
                for block in blocks:
                    self._events.put(StagedBlock(**block))
                if not blocks and export.finished():
                    break
            self._events.put(Finished())
        except BaseException as error:
            self._events.put(error)


def _import_ray_data() -> None:
    import ray.data  # noqa: F401


def _empty(schema: Any) -> LoadedBlock:
    """A block without rows: a Dataset without blocks has no schema."""
    import ray

    return LoadedBlock(ray.put(schema.empty_table()), 0, 0)


def _told(report: dict[str, float], begun: float, loaded: float) -> Exchange:
    size = report["bytes"]
    return Exchange(
        direction="to_ray",
        rows=int(report["rows"]),
        bytes=int(size),
        blocks=int(report["blocks"]),
        local_share=report["local_bytes"] / size if size else 1.0,
        seconds={
            "encode": report["encode_s"],
            "load": loaded - begun,
            "total": time.monotonic() - begun,
        },
    )


def _failure(block: StagedBlock, error: BaseException) -> BaseException:
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, RayOnSparkException):
        return cause
    failure = ExchangeException(
        f"Ray could not load block {block.id} of the DataFrame, {block.rows} rows and "
        f"{block.bytes} bytes on {block.home}: {cause}. Mend the "
        "cause, and move the DataFrame again."
    )
    failure.__cause__ = error
    return failure


def _lost(error: BaseException) -> bool:
    """Whether a task failed because its node, and the file with it, is gone."""
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
