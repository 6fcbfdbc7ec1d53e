"""From blocks in Ray's object store to the result of an aggregate over all columns in Spark."""

from __future__ import annotations

import gc
import shutil
from typing import TYPE_CHECKING, cast

from exchanges import blocks
from exchanges.contestant import Setting

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def aggregate(setting: Setting, df: DataFrame) -> list[float]:
    """Read every value of the frame in Spark, and return the aggregates."""
    (row,) = df.selectExpr(*setting.frame.spark_aggregates()).collect()
    return [float(value) for value in row]


class _ToSpark:
    """The outcome of `run` is the aggregate."""

    def checksum(self, setting: Setting, outcome: object) -> list[float]:
        return cast("list[float]", outcome)

    def clean(self) -> None:
        gc.collect()


class RayOnSpark(_ToSpark):
    """RayOnSpark's own `to_spark`."""

    def run(self, setting: Setting) -> list[float]:
        return aggregate(setting, setting.cluster.to_spark(setting.dataset))


class ByArrow(_ToSpark):
    """Through one Arrow table in the driver; on one host, its parts are mapped, not copied."""

    def run(self, setting: Setting) -> list[float]:
        import pyarrow
        import ray

        assert setting.dataset is not None
        parts = ray.get(blocks.references_of(setting.dataset))
        return aggregate(setting, setting.spark.createDataFrame(pyarrow.concat_tables(parts)))


class ByParquet(_ToSpark):
    """Through files on the local disk."""

    def __init__(self) -> None:
        self._path = ""

    def run(self, setting: Setting) -> list[float]:
        assert setting.dataset is not None
        self._path = setting.directory()
        setting.dataset.write_parquet(self._path)
        return aggregate(setting, setting.spark.read.parquet(self._path))

    def clean(self) -> None:
        super().clean()
        shutil.rmtree(self._path, ignore_errors=True)


class Cached(_ToSpark):
    """Rows that Spark has already cached: a lower bound, not an alternative."""

    def run(self, setting: Setting) -> list[float]:
        return aggregate(setting, setting.df)
