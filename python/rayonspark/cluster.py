"""The handle of a Ray cluster that runs on the executors of a Spark application."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rayonspark import _jvm, _ray
from rayonspark._background import in_background
from rayonspark._jvm import JvmCluster
from rayonspark._launch import launch, wait
from rayonspark._progress import QUIET_S, Progress
from rayonspark._watch import EndingWatch
from rayonspark.errors import ClusterStoppedException
from rayonspark.node import RayNode
from rayonspark.spec import RayClusterSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark.data.exchange import Exchange
    from rayonspark.data.exchanges import Exchanges

__all__ = ["RayCluster"]

_LOG = logging.getLogger("rayonspark")
_WATCH_JOIN_S = 2.0
_CLUSTERS: weakref.WeakSet[RayCluster] = weakref.WeakSet()
_PORTS = ("metrics_export_port", "dashboard_agent_listen_port")


class RayCluster:
    """A Ray cluster beside the executors of a Spark application.

    Made by :meth:`start`. Stops with :meth:`stop`, at the end of a ``with`` block, with its
    SparkContext, or with the process. Its methods may be called from any thread.
    """

    def __init__(self, handle: JvmCluster, spark: SparkSession) -> None:
        _CLUSTERS.add(self)
        self._handle = handle
        self._spark = spark
        self._id = handle.id()
        self._lock = threading.RLock()
        self._connection: _ray.RayConnection | None = None
        self._attached = False
        self._data: Exchanges | None = None
        self._watch = EndingWatch(self._id, handle.await_ending, self.disconnect)

    @classmethod
    def start(
        cls,
        spark: SparkSession,
        spec: RayClusterSpec | None = None,
        *,
        connect: bool = True,
        ray_init: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> RayCluster:
        """Start a Ray cluster on the executors of `spark`, and connect this process to it.

        Returns when all nodes are alive. On any failure, Ctrl-C included, what was started is
        stopped again. The fields' precedence is argument, Spark key, default.

        Parameters
        ----------
        spark : pyspark.sql.SparkSession
            A classic session; if its JVM lacks RayOnSpark's jar, the jar is attached.
        spec : RayClusterSpec, optional
            What the cluster should be. Default: what the ``spark.rayonspark.*`` keys say.
        connect : bool, optional
            Whether to call ``ray.init`` in this process. Default: True.
        ray_init : mapping, optional
            Further arguments of ``ray.init``: namespace, runtime_env, log_to_driver, ….
        **fields
            Fields of :class:`RayClusterSpec`; they win over `spec`.

        Returns
        -------
        RayCluster

        Raises
        ------
        TypeError
            An argument is unknown; the error names the closest valid one.
        InvalidSpecException
            A value is out of range.
        PlacementException
            Spark cannot have as many executors or slots.
        StartTimeoutException
            The cluster was not complete within ``start_timeout``.
        UnreachableException, VersionMismatchException, NodeFailedException
            A node could not be launched.
        ClusterStoppedException
            The SparkContext is stopped.
        RayOnSparkException
            This process is in a Ray cluster already, or the session is a Spark Connect one.
        """
        return start_cluster(spark, spec, connect=connect, ray_init=ray_init, fields=fields)

    @property
    def id(self) -> str:
        """The cluster's id in logs and directories."""
        return self._id

    @property
    def state(self) -> str:
        """One of "starting", "running", "stopping", "stopped" and "failed"."""
        try:
            return self._handle.state()
        except ClusterStoppedException:
            return "stopped"

    @property
    def address(self) -> str:
        """The GCS address, "host:port"."""
        return self._handle.address()

    @property
    def address_info(self) -> dict[str, Any]:
        """Ray's addresses, as ``ray.init`` names them.

        The keys are those of ``ray.init(…).address_info``. ``redis_address``, ``gcs_address`` and
        ``address`` are the GCS address, and ``webui_url`` is the dashboard's, empty when it is
        off. What only the connected driver knows is there while it is connected.
        """
        info: dict[str, Any] = self._handle.address_info()
        # Java's map is all text; these are numbers for Ray.
        info.update({name: int(info[name]) for name in _PORTS if name in info})
        connection = self._connection
        for name, value in (connection.address_info if connection else {}).items():
            if info.get(name) is None:
                info[name] = value
        address = self.address
        return {**info, "redis_address": address, "gcs_address": address, "address": address}

    @property
    def nodes(self) -> list[RayNode]:
        """The cluster's nodes at this moment, the head first."""
        return [RayNode.of(values) for values in self._handle.nodes()]

    @property
    def env(self) -> dict[str, str]:
        """The environment with which another process reaches the cluster; it holds the token."""
        return self._handle.environment()

    @property
    def connected(self) -> bool:
        """Whether this process is connected to the cluster."""
        connection = self._connection
        return connection is not None and connection.is_open

    def connect(self, **ray_init: Any) -> None:
        """Connect this process to the cluster with ``ray.init``.

        Does nothing when it is connected already and no argument is given.

        Parameters
        ----------
        **ray_init
            Arguments of ``ray.init`` other than the address.

        Raises
        ------
        RayOnSparkException
            This process is in a Ray cluster already.
        ClusterStoppedException
            The cluster is stopped.
        """
        with self._lock:
            if self._connection is not None and self._connection.is_open and not ray_init:
                return
            _ray.require_free()
            connection = self._connection or _ray.RayConnection(self.env)
            connection.open(ray_init)
            self._connection = connection
            if not self._attached:
                self._handle.client_attached()
                self._attached = True
            self._watch.start()

    def disconnect(self) -> None:
        """Disconnect this process from the cluster, if it is connected; idempotent."""
        with self._lock:
            try:
                if self._data is not None:
                    self._data.leave()
                if self._connection is not None:
                    self._connection.close()
            finally:
                self._connection = None
                if self._attached:
                    self._attached = False
                    self._tell_detached()

    def to_ray(
        self,
        df: DataFrame,
        max_rows_per_block: int | None = None,
        num_blocks: int | None = None,
        *,
        recoverable: bool = False,
    ) -> Dataset:
        """Give a Spark DataFrame as a Ray Dataset; returns when all its blocks are in the store.

        Spark's executors encode their partitions as Arrow in memory, and the Ray node beside each
        takes them from there: nothing passes through the driver or a disk, unless the object store
        is full and Ray spills. The rows have the order of Spark's partitions.

        Parameters
        ----------
        df : pyspark.sql.DataFrame
            Of this cluster's application.
        max_rows_per_block : int, optional
            Default: no limit but the block's size, 128 MiB or a quarter of the node's staging.
        num_blocks : int, optional
            As many blocks exactly, by a repartition. Default: by the frame's partitions.
        recoverable : bool, optional
            Whether Spark computes blocks again that are lost with a Ray node. Default: False; a
            lost block is an error then.

        Returns
        -------
        ray.data.Dataset
            Of Arrow blocks with known sizes. They leave memory with the last reference to it.

        Raises
        ------
        InvalidSpecException
            A column's type has no image in Arrow, two columns have one name, or there are none.
        ExchangeException
            Spark's job failed or was cancelled. Nothing stays in staging.
        ClusterStoppedException
            The cluster does not run, or this process is not connected to it.
        """
        limits = {"max_rows_per_block": max_rows_per_block, "num_blocks": num_blocks}
        options = {name: str(limit) for name, limit in limits.items() if limit is not None}
        return self._exchanges().to_ray(df, options, recoverable=recoverable)

    def to_spark(self, ds: Dataset, spark: SparkSession | None = None) -> DataFrame:
        """Give a Ray Dataset as a Spark DataFrame, that can be read as often as one likes.

        The Dataset is computed if it is not yet. Each block is handed over in memory, beside the
        executor nearest to it, when Spark reads it; what is not in use goes when others need the
        room, and comes again from Ray's store. Blocks of Arrow, of pandas and of tensors go.

        Parameters
        ----------
        ds : ray.data.Dataset
            Of this cluster.
        spark : pyspark.sql.SparkSession, optional
            Whose DataFrame it shall be. Default: the one that the cluster was started on.

        Returns
        -------
        pyspark.sql.DataFrame
            It holds the Dataset's blocks in Ray's store for as long as Spark has a plan that reads
            it, or until the cluster stops.

        Raises
        ------
        InvalidSpecException
            A column's type has no image in Spark, or two blocks disagree about it.
        ClusterStoppedException
            The cluster does not run, or this process is not connected to it.
        """
        return self._exchanges().to_spark(spark or self._spark, ds)

    @property
    def last_exchange(self) -> Exchange | None:
        """What the last transfer of data was like; None before the first one."""
        return self._data.last if self._data else None

    def _exchanges(self) -> Exchanges:
        with self._lock:
            if not self.connected:
                raise ClusterStoppedException(
                    f"This process is not connected to Ray cluster {self._id}, and data moves only "
                    "through a connected one. Call connect() first."
                )
            if self._data is None:
                from rayonspark.data.exchanges import Exchanges

                self._data = Exchanges(self._handle, self._id)
            return self._data

    def stop(self) -> None:
        """Disconnect, and stop the cluster: nothing of it is left but its logs.

        Idempotent, and returns when all is gone, which takes at most some seconds.
        """
        atexit.unregister(self.stop)
        try:
            self.disconnect()
        finally:
            stopping = in_background("rayonspark-stop", self._stop_jvm)
            stopping.result()
            self._watch.join(_WATCH_JOIN_S)

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            self._stop_after_failure()

    def __repr__(self) -> str:
        return f"<RayCluster {self._id}: {self.state}>"

    def _tell_detached(self) -> None:
        try:
            self._handle.client_detached()
        except ClusterStoppedException:
            _LOG.debug("Ray cluster %s: no JVM is left to be told.", self._id)

    def _stop_jvm(self) -> None:
        try:
            self._handle.stop()
        except ClusterStoppedException:
            # Without its JVM, the cluster's nodes have lost their lease and end by themselves.
            _LOG.debug("Ray cluster %s: its JVM is gone already.", self._id)

    def _stop_after_failure(self) -> None:
        try:
            self.stop()
        except Exception:
            _LOG.exception("Ray cluster %s: stopping it after a failure failed.", self._id)


def connected() -> RayCluster | None:
    """Give the cluster that this process is connected to; there is one at most."""
    return next((cluster for cluster in list(_CLUSTERS) if cluster.connected), None)


def start_cluster(
    spark: SparkSession,
    spec: RayClusterSpec | None = None,
    *,
    fields: Mapping[str, Any],
    connect: bool = True,
    ray_init: Mapping[str, Any] | None = None,
    quiet: bool = True,
) -> RayCluster:
    """Start a cluster as ``RayCluster.start``; `quiet` keeps a short start's progress back."""
    whole = (spec or RayClusterSpec()).with_fields("RayCluster.start", fields)
    if ray_init and not connect:
        raise TypeError(
            "RayCluster.start() got ray_init together with connect=False. Give ray_init's "
            "arguments to connect() later."
        )
    _jvm.live_context(spark)
    ray_import: Future[Any] | None = None
    if connect:
        _ray.require_free()
        ray_import = in_background("rayonspark-import-ray", _ray.load)
    handle = launch(spark, whole.to_strings())
    cluster = RayCluster(handle, spark)
    atexit.register(cluster.stop)
    progress = Progress(handle.progress, quiet_s=QUIET_S if quiet else 0.0)
    try:
        if ray_import is not None:
            ray_import.result()
            _ray.check_arguments(ray_init or {})
        wait(handle.await_head, progress)
        if connect:
            cluster.connect(**(ray_init or {}))
        wait(handle.await_running, progress)
    except BaseException:
        cluster._stop_after_failure()
        raise
    return cluster
