"""Stand-ins for the JVM's export and for Ray's tasks: a test decides what happens when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from rayonspark.data.node_tasks import Ended
from rayonspark.data.staged_block import StagedBlock
from rayonspark.errors import ClusterStoppedException, RayOnSparkException

LIMIT_S = 20.0
"""No wait takes this long unless the test fails."""
NODE = "n1"


def staged(number: int, path: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a staged block as the JVM describes it; by default, each partition has one."""
    block = {
        "id": number,
        "partition": number,
        "sequence": 0,
        "executorId": "1",
        "rayNodeId": NODE,
        "path": path or f"/{number}",
        "rows": 10,
        "bytes": 100,
        "local": True,
    }
    return {**block, **fields}


class FakeMembership:
    """A ``Membership``: this process is in the cluster until it leaves."""

    def __init__(self) -> None:
        self.over = False

    def __enter__(self) -> None:
        if self.over:
            raise self.error()

    def __exit__(self, *_: object) -> None:
        pass

    def leave(self) -> None:
        self.over = True

    def error(self) -> ClusterStoppedException:
        return ClusterStoppedException("This process has left.")


class FakeExport:
    """A ``JvmExport`` that encodes all blocks immediately, also those that are recomputed."""

    def __init__(self, blocks: list[dict[str, Any]]) -> None:
        self._changed = threading.Condition()
        self._ready = list(blocks)
        self._ready_for_retry: list[dict[str, Any]] = []
        self._blocks = {block["id"]: block for block in blocks}
        self._unloaded = set(self._blocks)
        self._error: RayOnSparkException | None = None
        self.recomputed: list[tuple[int, str]] = []
        self.recomputed_for_retry: list[tuple[int, str]] = []
        self.released_for_retry: list[int] = []
        self.counted: dict[str, float] = {}
        self.before_finished_returns: Callable[[], None] = lambda: None
        """The feed calls it between the JVM's answer and Python's reaction to it."""

    def schema(self) -> bytes:
        return bytes(pa.schema([("id", pa.int64())]).serialize().to_pybytes())

    def fail(self, error: RayOnSparkException) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def close(self) -> None:
        self.fail(ClusterStoppedException("closed"))

    def next(self, timeout_ms: int) -> list[dict[str, Any]]:
        with self._changed:
            self._changed.wait_for(
                lambda: self._ready or self._error or not self._unloaded, timeout_ms / 1000
            )
            self._raise()
            taken, self._ready = self._ready, []
            return taken

    def finished(self) -> bool:
        with self._changed:
            answer = not self._unloaded
        if threading.current_thread().name == "rayonspark-export" and answer:
            self.before_finished_returns()
        return answer

    def release(self, ids: list[int]) -> None:
        with self._changed:
            self._unloaded -= set(ids)
            self._changed.notify_all()

    def recompute(self, block: int, path: str) -> None:
        with self._changed:
            self._raise()
            self.recomputed.append((block, path))
            self._unloaded.add(block)
            self._ready.append(self._again(block, path))
            self._changed.notify_all()

    def recompute_for_retry(self, block: int, path: str) -> None:
        with self._changed:
            self._raise()
            self.recomputed_for_retry.append((block, path))
            # Like the JVM, return a block once even if it is requested twice.
            again = self._again(block, path)
            self._ready_for_retry = [
                each for each in self._ready_for_retry if each["id"] != block
            ] + [again]
            self._changed.notify_all()

    def next_for_retry(self, timeout_ms: int) -> list[dict[str, Any]]:
        with self._changed:
            self._changed.wait_for(lambda: self._ready_for_retry or self._error, timeout_ms / 1000)
            self._raise()
            taken, self._ready_for_retry = self._ready_for_retry, []
            return taken

    def release_for_retry(self, ids: list[int]) -> None:
        with self._changed:
            self.released_for_retry += ids
            self._changed.notify_all()

    def until_released_for_retry(self, blocks: list[int]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.released_for_retry == blocks, LIMIT_S)

    def report(self) -> dict[str, float]:
        blocks = self._blocks.values()
        return {
            "rows": float(sum(block["rows"] for block in blocks)),
            "bytes": 100.0,
            "blocks": float(len(blocks)),
            "local_bytes": 100.0,
            "encode_s": 0.0,
            **self.counted,
        }

    def _again(self, block: int, path: str) -> dict[str, Any]:
        return {**self._blocks[block], "path": f"{path}'"}

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error


class FakeTasks:
    """``NodeTasks`` whose tasks end immediately, as `ends` says; None leaves them running."""

    def __init__(self, ends: Callable[[StagedBlock], Ended | None]) -> None:
        self._ends = ends
        self._tell: Callable[[Any], None] = lambda ended: None
        self.running: set[Any] = set()
        self.dropped = False
        self.submitted = threading.Event()

    def __call__(self, function: Any, tell: Callable[[Any], None], *_: Any, **__: Any) -> FakeTasks:
        self._tell = tell
        return self

    def submit(self, key: Any, node: str, *arguments: Any) -> None:
        """Take a block to load, or the number of a partition to join."""
        self.running.add(key)
        self.submitted.set()
        ended = self._ends(key)
        if ended is not None:
            self._tell(ended)

    def settle(self, ended: Any) -> tuple[Any, ...]:
        self.running.discard(ended.key)
        if isinstance(ended.key, int):
            return (f"joined {ended.key}", "node")
        return (f"{ended.key.id}{ended.key.path[2:]}", "node")

    def drop_waiting(self) -> None:
        self.dropped = True


def loaded(block: StagedBlock) -> Ended:
    """Every task succeeds."""
    return Ended(block, NODE, None)
