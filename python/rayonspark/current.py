"""Data between Spark and Ray by the cluster that this process is connected to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rayonspark.errors import ClusterStoppedException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark.cluster import RayCluster

__all__ = ["to_ray", "to_spark"]

_lock = threading.Lock()
_connected: RayCluster | None = None


def to_ray(
    df: DataFrame,
    max_rows_per_block: int | None = None,
    num_blocks: int | None = None,
    *,
    recoverable: bool = False,
) -> Dataset:
    """Give a Spark DataFrame as a Ray Dataset; :meth:`RayCluster.to_ray` of the current cluster.

    Raises
    ------
    ClusterStoppedException
        This process is not connected to a cluster.
    """
    cluster = current_cluster()
    return cluster.to_ray(df, max_rows_per_block, num_blocks, recoverable=recoverable)


def to_spark(ds: Dataset, spark: SparkSession | None = None) -> DataFrame:
    """Give a Ray Dataset as a Spark DataFrame; :meth:`RayCluster.to_spark` of the current cluster.

    Parameters
    ----------
    ds : ray.data.Dataset
        Of the current cluster.
    spark : pyspark.sql.SparkSession, optional
        Whose DataFrame it becomes. Default: the session with which the cluster was started.

    Raises
    ------
    ClusterStoppedException
        This process is not connected to a cluster.
    """
    return current_cluster().to_spark(ds, spark)


def current_cluster() -> RayCluster:
    """Give the cluster that this process is connected to; a process is in one at a time."""
    with _lock:
        if _connected is None:
            raise ClusterStoppedException(
                "This process is connected to no Ray cluster of RayOnSpark. Call "
                "RayCluster.start(spark), or connect() of a cluster that runs."
            )
        return _connected


def entered(cluster: RayCluster) -> None:
    """Note that this process has connected to that cluster."""
    global _connected
    with _lock:
        _connected = cluster


def left(cluster: RayCluster) -> None:
    """Note that this process has left that cluster, if it was in it."""
    global _connected
    with _lock:
        if _connected is cluster:
            _connected = None
