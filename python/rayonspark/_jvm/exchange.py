"""A frame on its way between Spark and Ray, as the JVM has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rayonspark._jvm._calls import plain, translated

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class _JvmFrame:
    """What both directions have."""

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

    def want(self, block: int) -> None:
        with translated():
            self._handle.want(block)

    def restage(self, block: int) -> dict[str, Any]:
        with translated():
            return dict(plain(self._jvm, self._handle.restage(block)))


class JvmImport(_JvmFrame):
    """One ``ImportHandle``: a Dataset that Spark reads."""

    @property
    def id(self) -> str:
        return str(self._handle.id())

    def data_frame(self, spark: SparkSession) -> DataFrame:
        from pyspark.sql import DataFrame

        with translated():
            return DataFrame(self._handle.dataFrame(spark._jsparkSession), spark)

    def next_demand(self, timeout_ms: int) -> dict[str, Any] | None:
        with translated():
            demand = self._handle.nextDemand(timeout_ms)
            return None if demand is None else dict(plain(self._jvm, demand))

    def staged(self, path: str, size: int) -> None:
        with translated():
            self._handle.staged(path, size)

    def failed(self, path: str, why: str) -> None:
        with translated():
            self._handle.failed(path, why)

    def released(self) -> bool:
        with translated():
            return bool(self._handle.released())
