"""The transfers of one cluster."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rayonspark.data.exchange import Exchange
from rayonspark.data.restage_desk import RestageDesk
from rayonspark.errors import InvalidSpecException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark._jvm import JvmCluster, JvmImport


@dataclass(frozen=True)
class Reading:
    """A Dataset that Spark reads when it likes: its numbers grow."""

    frame: JvmImport
    prepare_s: float

    def until_now(self) -> Exchange:
        """What the transfer is like until now."""
        report = self.frame.report()
        read = report["read_bytes"]
        return Exchange(
            direction="to_spark",
            rows=int(report["rows"]),
            bytes=int(report["bytes"]),
            blocks=int(report["blocks"]),
            local_share=report["local_bytes"] / read if read else 1.0,
            seconds={"prepare": self.prepare_s},
        )


class Exchanges:
    """Moves data for one cluster, and remembers the last time.

    Parameters
    ----------
    cluster : JvmCluster
        The JVM's half.
    """

    def __init__(self, cluster: JvmCluster) -> None:
        self._cluster = cluster
        self._last: Exchange | Reading | None = None

    @property
    def last(self) -> Exchange | None:
        """What the last transfer was like, or is like until now."""
        return self._last.until_now() if isinstance(self._last, Reading) else self._last

    def to_ray(self, df: DataFrame, options: Mapping[str, str], recoverable: bool) -> Dataset:
        """As :meth:`RayCluster.to_ray`."""
        from rayonspark.data.to_ray import to_ray

        export = self._cluster.export(df, options)
        done = False
        try:
            desk = RestageDesk.open(export) if recoverable else None
            dataset, self._last = to_ray(export, desk)
            done = True
            return dataset
        finally:
            # A recoverable one stays, until the cluster ends: Ray asks for lost blocks at any time.
            if not (done and recoverable):
                export.close()

    def to_spark(self, spark: SparkSession, dataset: Dataset) -> DataFrame:
        """As :meth:`RayCluster.to_spark`."""
        from rayonspark.data._ray_data import blocks_of, schema_of
        from rayonspark.data.layout import spark_schema, unified
        from rayonspark.data.to_spark import Handing, arrow_schemas

        begun = time.monotonic()
        blocks = blocks_of(dataset)
        if not blocks:
            raise InvalidSpecException(
                "The Dataset has no blocks and no schema, and Spark needs one. Give it columns, "
                "such as by ray.data.from_arrow of an empty table."
            )
        # An empty block may have forgotten its columns; Ray Data still knows them then.
        schemas = [known for known in arrow_schemas(blocks) if len(known)]
        schema = spark_schema(unified(schemas or [schema_of(dataset)]))
        frame = self._cluster.import_frame(
            schema.serialize().to_pybytes(),
            [{"rows": str(b.rows), "bytes": str(b.bytes), "rayNodeId": b.node} for b in blocks],
        )
        df = frame.data_frame(spark)
        Handing(frame, blocks, schema).start()
        self._last = Reading(frame, time.monotonic() - begun)
        return df
