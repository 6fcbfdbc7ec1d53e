"""The transfers of one cluster."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rayonspark._background import in_background, undone_if_interrupted
from rayonspark.data._ray_data import blocks_of, schema_of
from rayonspark.data.exchange import Exchange
from rayonspark.data.membership import Membership
from rayonspark.data.restage_server import RestageServer
from rayonspark.data.restager import Restager
from rayonspark.data.splitting import split
from rayonspark.data.to_ray import BlockLoader
from rayonspark.data.to_spark import FrameServer
from rayonspark.errors import ExchangeException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark._jvm import JvmCluster, JvmImport

LEAVE_S = 2.0
"""How long `leave` waits for transfers to end; they take longer only if the JVM hangs."""


@dataclass(frozen=True)
class FrameRead:
    """A Dataset that Spark reads lazily, so that its statistics grow."""

    frame: JvmImport
    seconds: Mapping[str, float]

    def snapshot(self) -> Exchange:
        """Return the statistics so far."""
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
    """Moves data over one connection to a cluster, and remembers the last transfer.

    Parameters
    ----------
    cluster : JvmCluster
        The cluster in the JVM.
    cluster_id : str
        For error messages.
    before : Exchanges, optional
        The transfers of the previous connection, which may include the last one.
    """

    def __init__(
        self, cluster: JvmCluster, cluster_id: str, before: Exchanges | None = None
    ) -> None:
        self._cluster = cluster
        self._id = cluster_id
        self._membership = Membership(cluster_id)
        self._names = (f"export-{number}" for number in itertools.count(1))
        self._lock = threading.Lock()
        self._last: Exchange | FrameRead | None = before._last if before is not None else None
        # Guarded by the lock, so that no transfer begins after `leave`.
        self._left = False
        self._restage_server: RestageServer | None = None
        self._loaders: dict[BlockLoader, Future[Any]] = {}
        self._frame_server = FrameServer(cluster, cluster_id, self._membership)

    @property
    def last(self) -> Exchange | None:
        """The statistics of the last transfer, or of its reads so far; None before the first."""
        return self._last.snapshot() if isinstance(self._last, FrameRead) else self._last

    def to_ray(self, df: DataFrame, options: Mapping[str, str], *, recoverable: bool) -> Dataset:
        """Implement :meth:`RayCluster.to_ray`."""
        with self._lock:
            self._require_member()
            restage_server = self._open_restage_server() if recoverable else None
            name = next(self._names)
            retries = (restage_server.actor, name) if restage_server is not None else None
            loader = BlockLoader(self._membership, retries)
            work = in_background(
                "rayonspark-to-ray", lambda: self._load(df, options, loader, restage_server, name)
            )
            self._loaders[loader] = work
        try:
            dataset, self._last = work.result()
        except BaseException:
            if not work.done():
                # Ctrl-C in this thread: wait until the work has cleaned up.
                loader.cancel(ExchangeException("The transfer to Ray was interrupted."))
                work.exception()
            raise
        finally:
            with self._lock:
                del self._loaders[loader]
        return dataset

    def _load(
        self,
        df: DataFrame,
        options: Mapping[str, str],
        loader: BlockLoader,
        restage_server: RestageServer | None,
        name: str,
    ) -> tuple[Dataset, Exchange]:
        export = self._cluster.export(df, options)
        done = False
        try:
            if restage_server is not None:
                restage_server.open(name, Restager(export, restage_server.answer).submit)
            result = loader.run(export, join="num_blocks" in options)
            done = True
            return result
        finally:
            # A recoverable export stays open: Ray may ask for lost blocks until the cluster ends.
            if not done or restage_server is None:
                if restage_server is not None:
                    restage_server.shut(name)
                export.close()

    def to_spark(self, spark: SparkSession, dataset: Dataset) -> DataFrame:
        """Implement :meth:`RayCluster.to_spark`."""
        begun = time.monotonic()
        server = self._open_server()
        blocks = blocks_of(dataset)
        computed = time.monotonic()
        slots, max_bytes = in_background("rayonspark-to-spark", lambda: self._slots(spark)).result()
        schema, chunks = split(
            blocks, lambda: schema_of(dataset), max_bytes, slots, self._membership
        )
        frame, df = undone_if_interrupted(
            "rayonspark-to-spark",
            lambda: server.open(spark, schema, chunks),
            lambda opened: opened[0].fail("The transfer to Spark was interrupted."),
        )
        now = time.monotonic()
        self._last = FrameRead(frame, {"compute": computed - begun, "prepare": now - computed})
        return df

    def _slots(self, spark: SparkSession) -> tuple[int, int]:
        """Return the number of task slots, and the limit of a file for it in bytes."""
        slots = spark.sparkContext.defaultParallelism
        return slots, self._cluster.block_bytes(slots)

    def _open_server(self) -> FrameServer:
        """Return the frame server of this connection, or a new one if the last has failed."""
        with self._lock:
            self._require_member()
            if self._frame_server.ended:
                self._frame_server = FrameServer(self._cluster, self._id, self._membership)
            return self._frame_server

    def leave(self) -> None:
        """Release everything in Ray, because this process is about to disconnect. Idempotent.

        This object moves no data afterwards: no transfer begins, and no call to Ray gets through.
        """
        with self._lock:
            self._left = True
            restage_server, self._restage_server = self._restage_server, None
            loaders = dict(self._loaders)
            frame_server = self._frame_server
        try:
            for loader in loaders:
                loader.cancel(self._membership.error())
            wait([frame_server.leave(), *loaders.values()], LEAVE_S)
        finally:
            self._membership.leave()
            if restage_server is not None:
                restage_server.close()

    def _require_member(self) -> None:
        if self._left:
            raise self._membership.error()

    @property
    def left(self) -> bool:
        """Whether this process has left the cluster since this object was created."""
        return self._left or self._membership.over

    def _open_restage_server(self) -> RestageServer:
        if self._restage_server is None:
            self._restage_server = RestageServer(self._membership)
        return self._restage_server
