"""Stand-ins for the JVM half of frames and for Ray's tasks: a test decides what happens when."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from rayonspark.data._ray_data import BlockRun, LoadedBlock
from rayonspark.data.node_tasks import Ended
from rayonspark.errors import ClusterStoppedException

LIMIT_S = 20.0
"""No wait takes this long unless the test fails."""

STOPPED = ClusterStoppedException("Spark's JVM is gone.")


class FakeDataFrame:
    """A DataFrame that a test drops."""


class FakeFrame:
    """A ``JvmImport`` that records how it is called, and reports its end as an event."""

    def __init__(self, imports: FakeImports, name: str) -> None:
        self._imports = imports
        self.id = name
        self.begun = False
        self.staged_paths: list[str] = []
        self.failures: dict[str, str] = {}
        self.why: str | None = None
        self.told = threading.Event()
        self.over = threading.Event()
        self.on_begin: Callable[[], None] = lambda: None
        self.df: FakeDataFrame | None = None

    def begin(self, spark: Any) -> FakeDataFrame:
        self.on_begin()
        self.begun = True
        self.df = FakeDataFrame()
        return self.df

    def staged(self, path: str, size: int) -> None:
        self.staged_paths.append(path)
        self.told.set()

    def failed(self, path: str, why: str) -> None:
        self.failures[path] = why
        self.told.set()

    def fail(self, why: str) -> None:
        if self._imports.gone:
            raise STOPPED
        self.end(why)

    def end(self, why: str) -> None:
        if self.why is None:
            self.why = why
            self._imports.events.put([{"frame": self.id}])
            self.over.set()

    def request(self, block: int, path: str) -> None:
        request = {"block": block, "executorId": "1", "rayNodeId": "n1", "path": path}
        self._imports.events.put([{"frame": self.id, "request": request}])


class FakeImports:
    """A ``JvmImports``: a test supplies its events, or the error that breaks the feed."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.frames: list[FakeFrame] = []
        self.why: str | None = None
        self.gone = False
        self.closed = threading.Event()
        self.collected = threading.Event()

    def collect_garbage(self) -> None:
        self.collected.set()

    def start(self, schema: bytes, blocks: Any) -> FakeFrame:
        self.frames.append(FakeFrame(self, f"import-{len(self.frames)}"))
        return self.frames[-1]

    def next(self, timeout_ms: int) -> list[dict[str, Any]] | None:
        events = self.events.get(timeout=LIMIT_S)
        if isinstance(events, BaseException):
            raise events
        return events  # type: ignore[no-any-return]

    def close(self, why: str) -> None:
        self.closed.set()
        if self.gone:
            raise STOPPED
        self.why = why
        for frame in self.frames:
            frame.end(why)
        self.events.put(None)


class FakeCluster:
    """A ``JvmCluster``: each connection has its own imports."""

    def __init__(self) -> None:
        self.all: list[FakeImports] = []
        self.on_imports: Callable[[], None] = lambda: None

    def imports(self) -> FakeImports:
        self.on_imports()
        self.all.append(FakeImports())
        return self.all[-1]

    def block_bytes(self, slots: int) -> int:
        return 1 << 20


class FakeTasks:
    """``NodeTasks`` that a test ends."""

    made: list[FakeTasks]
    submitted: queue.SimpleQueue[FakeTasks]

    def __init__(
        self, function: Any, tell: Callable[[Ended], None], membership: Any, **_: Any
    ) -> None:
        with membership:
            self._tell = tell
        self.running: dict[str, tuple[Any, ...]] = {}
        self.over = threading.Event()
        type(self).made.append(self)

    @property
    def idle(self) -> bool:
        return not self.running

    def submit(self, key: str, node: str, *arguments: Any) -> None:
        self.running[key] = arguments
        type(self).submitted.put(self)

    def end(self, key: str, error: BaseException | None = None) -> None:
        self._tell(Ended(key, None if error else 100, error))

    def settle(self, ended: Ended) -> tuple[Any, ...]:
        return self.running.pop(str(ended.key))

    @property
    def dropped(self) -> bool:
        return self.over.is_set()

    def drop_waiting(self) -> None:
        self.over.set()


def chunks(count: int) -> Any:
    """Return blocks of one chunk each."""
    chunk = SimpleNamespace(rows=1, bytes=16 << 20, start=0, pieces=(1,))
    blocks = (LoadedBlock(f"ref-{i}", 1, 100, "n1") for i in range(count))
    return [(BlockRun((block,)), chunk) for block in blocks]
