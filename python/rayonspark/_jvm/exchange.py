"""Python's access to the frames in the JVM that move between Spark and Ray."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rayonspark._jvm._calls import plain, release_dropped, translated

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class _JvmFrame:
    """Methods of both directions."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    def report(self) -> dict[str, float]:
        with translated():
            return dict(plain(self._jvm, self._handle.report()))

    def close(self) -> None:
        with translated():
            self._handle.close()


class JvmExport(_JvmFrame):
    """One ``ExportHandle``: a DataFrame on its way to Ray."""

    def schema(self) -> bytes:
        with translated():
            return bytes(self._handle.schema())

    def next(self, timeout_ms: int) -> list[dict[str, Any]]:
        with translated():
            return list(plain(self._jvm, self._handle.next(timeout_ms)))

    def finished(self) -> bool:
        with translated():
            return bool(self._handle.finished())

    def release(self, ids: Sequence[int]) -> None:
        with translated():
            self._handle.release([str(block) for block in ids])

    def recompute(self, block: int, path: str) -> None:
        with translated():
            self._handle.recompute(block, path)

    def recompute_for_retry(self, block: int, path: str) -> None:
        with translated():
            self._handle.recomputeForRetry(block, path)

    def next_for_retry(self, timeout_ms: int) -> list[dict[str, Any]]:
        with translated():
            return list(plain(self._jvm, self._handle.nextForRetry(timeout_ms)))

    def release_for_retry(self, ids: Sequence[int]) -> None:
        with translated():
            self._handle.releaseForRetry([str(block) for block in ids])


class JvmImports:
    """One ``ImportsHandle``: all Datasets that Spark reads from one connection to Ray."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    def collect_garbage(self) -> None:
        """Collect the JVM's garbage, so that frames that no plan reads are released."""
        with translated():
            release_dropped(self._jvm)
            self._handle.collectGarbage()

    def start(self, schema: bytes, blocks: Sequence[tuple[int, int, str]]) -> JvmImport:
        """Create a frame with this Arrow schema, an IPC message; Spark does not read it yet.

        Each block is its rows, its bytes, and the Ray node that holds it.
        """
        with translated():
            handle = self._handle.start(schema, json.dumps(blocks))
            return JvmImport(handle, self._jvm, str(handle.id()))

    def next(self, timeout_ms: int) -> list[dict[str, Any]] | None:
        """Wait for events of any frame; return None after `close`."""
        with translated():
            events = self._handle.next(timeout_ms)
        return None if events is None else list(json.loads(events))

    def close(self, why: str) -> None:
        """End all frames: waiting and later readers get this reason."""
        with translated():
            self._handle.close(why)


class JvmImport(_JvmFrame):
    """One ``ImportHandle``: a Dataset that Spark reads."""

    def __init__(self, handle: Any, jvm: Any, name: str) -> None:
        super().__init__(handle, jvm)
        self.id = name

    def begin(self, spark: SparkSession) -> DataFrame:
        """Request the first blocks, and return the DataFrame that Spark reads."""
        from pyspark.sql import DataFrame

        with translated():
            return DataFrame(self._handle.begin(spark._jsparkSession), spark)

    def staged(self, path: str, size: int) -> None:
        with translated():
            self._handle.staged(path, size)

    def failed(self, path: str, why: str) -> None:
        with translated():
            self._handle.failed(path, why)

    def fail(self, why: str) -> None:
        """End the frame: waiting and later readers get this reason."""
        with translated():
            self._handle.fail(why)
