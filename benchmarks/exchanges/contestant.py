"""The interface of the contestants, and their list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from exchanges.frame import Frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

CONTESTANTS = {
    "to_ray/rayonspark": "exchanges.spark_to_ray:RayOnSpark",
    "to_ray/arrow": "exchanges.spark_to_ray:ByArrow",
    "to_ray/pandas": "exchanges.spark_to_ray:ByPandas",
    "to_ray/parquet": "exchanges.spark_to_ray:ByParquet",
    "to_ray/noop": "exchanges.spark_to_ray:Noop",
    "to_spark/rayonspark": "exchanges.ray_to_spark:RayOnSpark",
    "to_spark/arrow": "exchanges.ray_to_spark:ByArrow",
    "to_spark/parquet": "exchanges.ray_to_spark:ByParquet",
    "to_spark/cached": "exchanges.ray_to_spark:Cached",
}
"""``direction/name`` -> ``module:class``; imported only in the process that measures it."""

OURS = ("to_ray/rayonspark", "to_spark/rayonspark")


@dataclass(frozen=True)
class Setting:
    """What all contestants of one process share: equal data on both sides, and disk space.

    Attributes
    ----------
    df
        The rows, cached in Spark.
    dataset
        The same rows in Ray's object store; None if no contestant needs it.
    cluster
        The `RayCluster` that the process is connected to.
    directory
        Returns a new path on the local disk.
    """

    spark: SparkSession
    df: DataFrame
    dataset: Dataset | None
    cluster: Any
    frame: Frame
    directory: Callable[[], str]


class Contestant(Protocol):
    """A way to move all rows to the other side."""

    def run(self, setting: Setting) -> object:
        """Move the rows, and return what `checksum` needs; this call is timed."""
        ...

    def checksum(self, setting: Setting, outcome: object) -> list[float]:
        """Return the checksum of the rows that arrived; not timed."""
        ...

    def clean(self) -> None:
        """Remove what the run created; not timed."""
        ...


def load(name: str) -> Contestant:
    """Create the contestant with this name."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    return cast(Contestant, getattr(import_module(module), attribute)())
