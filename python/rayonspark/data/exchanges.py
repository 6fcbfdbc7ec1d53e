"""The transfers of one cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rayonspark.data.exchange import Exchange
from rayonspark.data.restage_desk import RestageDesk

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from ray.data import Dataset

    from rayonspark._jvm import JvmCluster


class Exchanges:
    """Moves data for one cluster, and remembers the last time.

    Parameters
    ----------
    cluster : JvmCluster
        The JVM's half.
    """

    def __init__(self, cluster: JvmCluster) -> None:
        self._cluster = cluster
        self.last: Exchange | None = None

    def to_ray(self, df: DataFrame, options: Mapping[str, str], recoverable: bool) -> Dataset:
        """As :meth:`RayCluster.to_ray`."""
        from rayonspark.data.to_ray import to_ray

        export = self._cluster.export(df, options)
        done = False
        try:
            desk = RestageDesk.open(export) if recoverable else None
            dataset, self.last = to_ray(export, desk)
            done = True
            return dataset
        finally:
            # A recoverable one stays, until the cluster ends: Ray asks for lost blocks at any time.
            if not (done and recoverable):
                export.close()
