"""The exchange of data with the one cluster that this process is connected to."""

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
    """Give a Spark DataFrame as a Ray Dataset; :meth:`RayCluster.to_ray` of the current cluster.

    Raises
    ------
    ClusterStoppedException
        This process is connected to no cluster of ours.
    """
    return _current().to_ray(df, max_rows_per_block, num_blocks, recoverable=recoverable)


def to_spark(ds: Dataset, spark: SparkSession | None = None) -> DataFrame:
    """Give a Ray Dataset as a Spark DataFrame; :meth:`RayCluster.to_spark` of the current cluster.

    Parameters
    ----------
    ds : ray.data.Dataset
        Of the current cluster.
    spark : pyspark.sql.SparkSession, optional
        Whose DataFrame it shall be. Default: the session that the cluster was started on.

    Raises
    ------
    ClusterStoppedException
        This process is connected to no cluster of ours.
    """
    return _current().to_spark(ds, spark)


def _current() -> RayCluster:
    cluster = connected()
    if cluster is None:
        raise ClusterStoppedException(
            "This process is connected to no Ray cluster of RayOnSpark. Call RayCluster.start() or "
            "init_orca_context() first, or use the methods of a cluster."
        )
    return cluster
