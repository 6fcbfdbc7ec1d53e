"""Moves data to and from the cluster that this process is connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rayonspark.cluster import RayCluster, connected
from rayonspark.errors import ClusterStoppedException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

__all__ = ["to_ray", "to_spark"]


def to_ray(
    df: DataFrame,
    max_rows_per_block: int | None = None,
    num_blocks: int | None = None,
    *,
    recoverable: bool = False,
) -> Dataset:
    """Convert a Spark DataFrame to a Ray Dataset in the current cluster.

    Calls :meth:`RayCluster.to_ray` of the cluster that this process is connected to. Returns when
    all blocks are in the object store.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        A batch DataFrame of the cluster's Spark application.
    max_rows_per_block : int, optional
        Maximum number of rows in a block, at least 1. Excludes `num_blocks`. Default: no limit in
        rows. The bytes of a block are limited in either case; see :meth:`RayCluster.to_ray`.
    num_blocks : int, optional
        Exact number of blocks, at least 1. Excludes `max_rows_per_block`. Default: depends on the
        partitions of `df`.
    recoverable : bool, optional
        Whether Spark computes blocks again when they are lost with a Ray node. Default: False.

    Returns
    -------
    ray.data.Dataset
        Materialized, with Arrow blocks in the order of Spark's partitions.

    Raises
    ------
    InvalidSpecException
        `df` cannot be converted, a number is less than 1, or both `max_rows_per_block` and
        `num_blocks` are set.
    ExchangeException
        The transfer failed or was cancelled.
    ClusterStoppedException
        This process is not connected to a RayOnSpark cluster, or the cluster ends meanwhile.
    """
    return _current().to_ray(df, max_rows_per_block, num_blocks, recoverable=recoverable)


def to_spark(ds: Dataset, spark: SparkSession | None = None) -> DataFrame:
    """Convert a Ray Dataset of the current cluster to a Spark DataFrame.

    Calls :meth:`RayCluster.to_spark` of the cluster that this process is connected to.

    Parameters
    ----------
    ds : ray.data.Dataset
        A Dataset of the current cluster. It is executed if it has not been yet.
    spark : pyspark.sql.SparkSession, optional
        The session that owns the DataFrame. Default: the session that the cluster was started on.

    Returns
    -------
    pyspark.sql.DataFrame
        Lazy; it can be read any number of times while this process stays connected.

    Raises
    ------
    InvalidSpecException
        `ds` has no columns, two columns with one name, a column whose type has no equivalent in
        Spark, or a column with incompatible types in different blocks.
    ExchangeException
        The transfer failed.
    ClusterStoppedException
        This process is not connected to a RayOnSpark cluster, or the cluster ends meanwhile.
    """
    return _current().to_spark(ds, spark)


def _current() -> RayCluster:
    cluster = connected()
    if cluster is None:
        raise ClusterStoppedException(
            "This process is not connected to a RayOnSpark cluster. Call RayCluster.start() or "
            "init_orca_context() first, or connect() of a running cluster."
        )
    return cluster
