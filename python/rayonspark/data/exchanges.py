"""The transfers of one cluster."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rayonspark._background import in_background
from rayonspark.data._ray_data import blocks_of, schema_of
from rayonspark.data.cutting import cut
from rayonspark.data.desk import Desk
from rayonspark.data.exchange import Exchange
from rayonspark.data.to_ray import Loading
from rayonspark.data.to_spark import Handing
from rayonspark.errors import ClusterStoppedException, ExchangeException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark._jvm import JvmCluster, JvmImport

LEAVE_S = 2.0
"""Longer only when the JVM hangs, which must not keep this process in the cluster."""


@dataclass(frozen=True)
class Reading:
    """A Dataset that Spark reads when it likes: its numbers grow."""

    frame: JvmImport
    seconds: Mapping[str, float]

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
            seconds=self.seconds,
            frame=self.frame.id,
        )


class Exchanges:
    """Moves data for one cluster, and remembers the last time.

    Parameters
    ----------
    cluster : JvmCluster
        The JVM's half.
    cluster_id : str
        For errors.
    """

    def __init__(self, cluster: JvmCluster, cluster_id: str) -> None:
        self._cluster = cluster
        self._id = cluster_id
        self._names = (f"export-{number}" for number in itertools.count(1))
        self._lock = threading.Lock()
        self._last: Exchange | Reading | None = None
        self._desk: Desk | None = None
        self._loadings: dict[Loading, Future[Any]] = {}
        self._handings: weakref.WeakSet[Handing] = weakref.WeakSet()

    @property
    def last(self) -> Exchange | None:
        """What the last transfer was like, or is like until now."""
        return self._last.until_now() if isinstance(self._last, Reading) else self._last

    def to_ray(self, df: DataFrame, options: Mapping[str, str], *, recoverable: bool) -> Dataset:
        """As :meth:`RayCluster.to_ray`."""
        desk = self._open_desk() if recoverable else None
        loading = Loading(next(self._names), desk)
        work = in_background("rayonspark-to-ray", lambda: self._load(df, options, loading, desk))
        self._loadings[loading] = work
        try:
            dataset, self._last = work.result()
        except BaseException:
            if not work.done():
                # Ctrl-C, here: the work ends what it has begun, before the caller goes on.
                loading.cancel(ExchangeException("The transfer to Ray was interrupted."))
                work.exception()
            raise
        finally:
            del self._loadings[loading]
        return dataset

    def _load(
        self, df: DataFrame, options: Mapping[str, str], loading: Loading, desk: Desk | None
    ) -> tuple[Dataset, Exchange]:
        export = self._cluster.export(df, options)
        done = False
        try:
            result = loading.run(export)
            done = True
            return result
        finally:
            # A recoverable one stays, until the cluster ends: Ray asks for lost blocks at any time.
            if not done or desk is None:
                export.close()

    def to_spark(self, spark: SparkSession, dataset: Dataset) -> DataFrame:
        """As :meth:`RayCluster.to_spark`."""
        begun = time.monotonic()
        blocks = blocks_of(dataset)
        computed = time.monotonic()
        most = self._cluster.block_bytes(spark.sparkContext.defaultParallelism)
        schema, parts = cut(blocks, lambda: schema_of(dataset), most)
        frame = self._cluster.import_frame(
            schema.serialize().to_pybytes(),
            [
                {"rows": str(part.rows), "bytes": str(part.bytes), "rayNodeId": block.node}
                for block, part in parts
            ],
        )
        df = frame.data_frame(spark)
        handing = Handing(frame, parts, schema)
        self._handings.add(handing)
        handing.start()
        now = time.monotonic()
        self._last = Reading(frame, {"compute": computed - begun, "prepare": now - computed})
        return df

    def leave(self) -> None:
        """Let go of everything in Ray: this process is about to disconnect. Idempotent."""
        with self._lock:
            desk, self._desk = self._desk, None
        loadings = dict(self._loadings)
        for loading in loadings:
            loading.cancel(
                ClusterStoppedException(
                    f"This process has left Ray cluster {self._id} while data was on its way to "
                    "it. Move the data again when it is connected."
                )
            )
        heard = [handing.leave() for handing in list(self._handings)]
        # What calls Ray after the disconnection would start a cluster of its own.
        wait([*heard, *loadings.values()], LEAVE_S)
        if desk is not None:
            desk.close()

    def _open_desk(self) -> Desk:
        with self._lock:
            if self._desk is None:
                self._desk = Desk()
            return self._desk
