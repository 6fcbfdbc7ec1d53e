"""The handle of a Ray cluster that runs next to the executors of a Spark application."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rayonspark import _jvm, _lease, _ray
from rayonspark._background import in_background
from rayonspark._checks import require_dataset, require_spark_frame
from rayonspark._connection import ClusterConnection
from rayonspark._jvm import JvmCluster
from rayonspark._launch import launch, wait
from rayonspark._progress import QUIET_S, Progress
from rayonspark.errors import ClusterStoppedException, RayOnSparkException
from rayonspark.node import RayNode
from rayonspark.spec import RayClusterSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

    from rayonspark.data.exchange import Exchange
    from rayonspark.data.exchanges import Exchanges

__all__ = ["RayCluster"]

_LOG = logging.getLogger("rayonspark")
_CLUSTERS: weakref.WeakSet[RayCluster] = weakref.WeakSet()
_PORTS = ("metrics_export_port", "dashboard_agent_listen_port")


class RayCluster:
    """A Ray cluster next to the executors of a Spark application.

    :meth:`start` creates it. It stops when :meth:`stop` is called, at the end of a ``with`` block,
    with its SparkContext, and at the end of this process. Its methods may be called from any
    thread.
    """

    def __init__(self, handle: JvmCluster, spark: SparkSession) -> None:
        _CLUSTERS.add(self)
        self._handle = handle
        self._spark = spark
        self._id = handle.id()
        self._process = os.getpid()
        self._data: Exchanges | None = None
        self._data_calls = _ray.DataCalls(self.to_ray, self.to_spark, lambda: self.connected)
        self._connection = ClusterConnection(handle, self._data_calls.activate, self._leave_data)
        self._lock = self._connection.lock

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
        """Start a Ray cluster next to the executors of `spark`, and connect this process to it.

        Returns when all nodes are alive. After any failure, Ctrl-C included, everything that was
        started is stopped. A field in the arguments overrides its Spark key, and the key overrides
        the default.

        Parameters
        ----------
        spark : pyspark.sql.SparkSession
            A classic session, not one of Spark Connect. If its JVM lacks RayOnSpark's jar, the jar
            is attached.
        spec : RayClusterSpec, optional
            The specification of the cluster. Default: the ``spark.rayonspark.*`` keys, and the
            defaults of the fields.
        connect : bool, optional
            Whether to call ``ray.init`` in this process. Default: True.
        ray_init : mapping, optional
            Additional arguments of ``ray.init``, such as namespace, runtime_env and log_to_driver.
            Excludes ``connect=False``. Default: none.
        **fields
            Fields of :class:`RayClusterSpec`, or their names in
            ``ray.util.spark.setup_ray_cluster``. They override `spec`.

        Returns
        -------
        RayCluster

        Raises
        ------
        TypeError
            An argument is unknown, and the error names the closest valid one; or `ray_init` is
            set together with ``connect=False``.
        InvalidSpecException
            A value is out of range, or contradicts another one.
        PlacementException
            Spark does not have enough executors or task slots.
        StartTimeoutException
            The cluster was not complete within ``start_timeout``.
        UnreachableException
            An executor and the driver cannot open the connections that Ray needs.
        VersionMismatchException
            Versions of Python, Ray, Spark or RayOnSpark do not fit together.
        NodeFailedException
            A Ray node could not be launched.
        ClusterStoppedException
            The SparkContext is stopped.
        RayOnSparkException
            This process is already connected to a Ray cluster, or `spark` is a Spark Connect
            session.
        """
        return start_cluster(spark, spec, connect=connect, ray_init=ray_init, fields=fields)

    @property
    def id(self) -> str:
        """The id that names the cluster in logs and directories."""
        return self._id

    @property
    def state(self) -> str:
        """One of "starting", "running", "stopping", "stopped" and "failed"."""
        try:
            return self._handle.state()
        except ClusterStoppedException:
            return "stopped"

    @property
    def failure(self) -> RayOnSparkException | None:
        """The error that ended the cluster; None while it runs and after a requested end."""
        return self._connection.failure

    @property
    def address(self) -> str:
        """The GCS address, "host:port"."""
        return self._handle.address()

    @property
    def address_info(self) -> dict[str, Any]:
        """Ray's addresses, as ``ray.init`` names them.

        The keys are those of ``ray.init(…).address_info``. ``redis_address``, ``gcs_address`` and
        ``address`` are the GCS address. ``webui_url`` is the address of the dashboard, and is empty
        if it is off or not installed. Values that only a connected driver knows are missing unless
        this process is connected.
        """
        info: dict[str, Any] = self._handle.address_info()
        # All values of Java's map are text. Ray has these as numbers.
        info.update({name: int(info[name]) for name in _PORTS if name in info})
        for name, value in self._connection.address_info.items():
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
        """Environment variables with which another process connects to the cluster.

        They contain the cluster's token, which is a secret.
        """
        return self._handle.environment()

    @property
    def connected(self) -> bool:
        """Whether this process is connected to the cluster."""
        return self._connection.is_open

    def connect(self, **ray_init: Any) -> None:
        """Connect this process to the cluster with ``ray.init``.

        Does nothing when this process is already connected to the cluster and there is no argument.

        Parameters
        ----------
        **ray_init
            Arguments of ``ray.init`` except the address.

        Raises
        ------
        TypeError
            ``ray.init`` has no such argument, and the error names the closest one; or the argument
            is the address.
        RayOnSparkException
            This process is already connected to a Ray cluster.
        ClusterStoppedException
            The cluster is stopped or has failed, or ends meanwhile. The cause is its failure.
        """
        self._connection.open(ray_init)

    def disconnect(self) -> None:
        """Disconnect this process from the cluster, and keep the cluster running. Idempotent.

        Pending calls on Ray and pending transfers raise :class:`ClusterStoppedException` in every
        thread. Later calls on Ray raise it too, until this process calls :meth:`connect` or
        ``ray.init``. Ray frees the objects that this process owns, so DataFrames from
        :meth:`to_spark` can no longer be read unless Spark has cached them.
        """
        self._connection.leave()

    def to_ray(
        self,
        df: DataFrame,
        max_rows_per_block: int | None = None,
        num_blocks: int | None = None,
        *,
        recoverable: bool = False,
    ) -> Dataset:
        """Convert a Spark DataFrame to a Ray Dataset. Returns when all blocks are in Ray's store.

        Spark's executors encode their partitions as Arrow in memory, and the Ray node next to each
        executor loads the result into its object store. The rows do not pass through the driver,
        and not through a disk unless the object store is full and Ray spills.

        Parameters
        ----------
        df : pyspark.sql.DataFrame or pyspark.pandas.DataFrame
            A batch DataFrame of this cluster's Spark application. Streams are not supported. A
            pandas-on-Spark DataFrame is converted without its index.
        max_rows_per_block : int, optional
            Maximum number of rows in a block, at least 1. Excludes `num_blocks`. Default: no limit
            in rows. In either case a block has at most 128 MiB, and at most
            1 / max(4, 2 * (s + 1)) of the staging memory of the node with the least, where s is the
            number of task slots per executor with a node, rounded down.
        num_blocks : int, optional
            Exact number of blocks, at least 1. Excludes `max_rows_per_block`. Spark repartitions
            `df` if it may have fewer partitions. The size of a block is not limited: what is too
            large for the staging memory arrives in parts, which Ray joins. Default:
            one block for each partition, but large partitions are split and, if there are many,
            small ones are combined.
        recoverable : bool, optional
            Whether Spark computes blocks again when they are lost with a Ray node. True keeps the
            plan of `df` until the cluster stops. Default: False; reading a lost block is then an
            error.

        Returns
        -------
        ray.data.Dataset
            Materialized, with Arrow blocks whose sizes are known, in the order of Spark's
            partitions. An empty `df` gives an empty Dataset with its schema. This process owns the
            blocks, and Ray frees them with the last reference to them.

        Raises
        ------
        TypeError
            `df` is not a Spark DataFrame; the error says how to make one of it.
        InvalidSpecException
            A column has a type that has no equivalent in Arrow, two columns have one name, there
            are no columns, `df` is a stream, a number is less than 1, or both `max_rows_per_block`
            and `num_blocks` are set.
        ExchangeException
            Spark's job or the load into Ray failed or was cancelled. The staging is empty again.
        ClusterStoppedException
            The cluster is not running, this process is not connected to it, or one of both ends
            meanwhile.
        """
        df = require_spark_frame(df)
        limits = {"max_rows_per_block": max_rows_per_block, "num_blocks": num_blocks}
        options = {name: str(limit) for name, limit in limits.items() if limit is not None}
        return self._exchanges().to_ray(df, options, recoverable=recoverable)

    def to_spark(self, ds: Dataset, spark: SparkSession | None = None) -> DataFrame:
        """Convert a Ray Dataset to a Spark DataFrame, which can be read any number of times.

        The Dataset is executed if it has not been yet; errors of that execution are Ray's own. When
        Spark reads a block, a Ray task writes it to memory next to an executor. A written block
        that is not in use is evicted when others need the memory, and is written again from Ray's
        store when Spark reads it again. Blocks may be Arrow tables or pandas DataFrames, and may
        have tensor columns.

        Parameters
        ----------
        ds : ray.data.Dataset
            A Dataset of this cluster.
        spark : pyspark.sql.SparkSession, optional
            The session that owns the DataFrame. Default: the session that the cluster was started
            on.

        Returns
        -------
        pyspark.sql.DataFrame
            Lazy, with all columns nullable. It keeps the Dataset's blocks in Ray's store as long as
            Spark has a plan that reads it. It cannot be read after this process has disconnected or
            the cluster has stopped, unless Spark has cached it. An error while Spark reads it fails
            the Spark job.

        Raises
        ------
        TypeError
            `ds` is not a Ray Dataset; the error says how to make one of it.
        InvalidSpecException
            A column has a type that has no equivalent in Spark, or incompatible types in different
            blocks; two columns have one name; or there are no columns.
        ExchangeException
            The hand-over of blocks to Spark failed.
        ClusterStoppedException
            The cluster is not running, this process is not connected to it, or one of both ends
            meanwhile.
        """
        require_dataset(ds)
        return self._exchanges().to_spark(spark or self._spark, ds)

    @property
    def last_exchange(self) -> Exchange | None:
        """Report of the last completed transfer in either direction; None before the first one.

        Returns
        -------
        Exchange or None
            For a transfer to Ray, `seconds` has the keys "encode", "load" and "total". For one to
            Spark, `seconds` has the keys "compute" and "prepare", and `local_share` covers the
            bytes that Spark has read so far. The report stays after :meth:`disconnect`.

        Raises
        ------
        ClusterStoppedException
            The last transfer was one to Spark, and its JVM is gone.
        """
        return self._data.last if self._data else None

    def _exchanges(self) -> Exchanges:
        with self._lock:
            if not self.connected:
                raise ClusterStoppedException(
                    f"This process is not connected to Ray cluster {self._id}, so it cannot move "
                    "data. Call connect() first."
                )
            if self._data is None or self._data.left:
                from rayonspark.data.exchanges import Exchanges

                # One for each connection: a transfer cannot continue on a new connection.
                self._data = Exchanges(self._handle, self._id, self._data)
            return self._data

    def stop(self) -> None:
        """Disconnect this process, and stop the cluster. Only its logs remain. Idempotent.

        Returns when all processes and directories of the cluster are gone, usually after a few
        seconds; the JVM waits at most 27 s. Pending calls on Ray raise
        :class:`ClusterStoppedException` in every thread, and pending transfers fail with it.
        The SparkContext keeps running. Does nothing when the cluster has already ended.

        Raises
        ------
        NodeFailedException
            Something of the cluster is left after that time.
        """
        atexit.unregister(self._stop_at_exit)
        try:
            self._connection.end()
        finally:
            stopping = in_background("rayonspark-stop", self._stop_jvm)
            stopping.result()
            self._connection.join()

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

    def _leave_data(self) -> None:
        self._data_calls.deactivate()
        if self._data is not None:
            self._data.leave()

    def _stop_at_exit(self) -> None:
        # A forked child inherits the exit handlers. It must not stop its parent's cluster.
        if os.getpid() == self._process:
            self.stop()

    def _stop_jvm(self) -> None:
        try:
            self._handle.stop()
        except ClusterStoppedException:
            # Without the JVM, the nodes have lost their lease and exit by themselves.
            _LOG.debug("Ray cluster %s: its JVM is already gone.", self._id)

    def _stop_after_failure(self) -> None:
        try:
            self.stop()
        except Exception:
            _LOG.exception("Ray cluster %s: stopping it after a failure failed.", self._id)


def connected() -> RayCluster | None:
    """Return the cluster that this process is connected to; None when there is none."""
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
    """Start a cluster: see ``RayCluster.start``.

    Parameters
    ----------
    fields : mapping
        The keyword arguments of ``RayCluster.start`` that are fields of the specification.
    quiet : bool, optional
        Whether to hide the progress of the first 2 s. Default: True.
    """
    whole = (spec or RayClusterSpec()).with_fields("RayCluster.start", fields)
    if ray_init and not connect:
        raise TypeError(
            "RayCluster.start() got ray_init together with connect=False. Pass ray_init's "
            "arguments to connect() later."
        )
    _jvm.live_context(spark)
    for field in ("head_args", "worker_args"):
        _ray.check_start_options(field, getattr(whole, field) or ())
    _lease.keep_from_forks()
    ray_import: Future[Any] | None = None
    if connect:
        _ray.require_free()
        # Here, it takes no time; the JVM would find out once the executors have told their Ray.
        settings = spark.sparkContext.getConf()
        _ray.require_tokens(whole.auth or settings.get("spark.rayonspark.auth", "token"))
        ray_import = in_background("rayonspark-import-ray", _ray.load)
    handle = launch(spark, whole.to_strings())
    cluster = RayCluster(handle, spark)
    atexit.register(cluster._stop_at_exit)
    progress = Progress(handle.progress, quiet_s=QUIET_S if quiet else 0.0)
    try:
        if ray_import is not None:
            ray_import.result()
            _ray.check_arguments(ray_init or {})
        wait(handle.await_head, progress)
        if connect:
            _connect_or_fail(cluster, ray_init or {}, progress)
        wait(handle.await_running, progress)
    except BaseException:
        cluster._stop_after_failure()
        raise
    return cluster


def _connect_or_fail(cluster: RayCluster, ray_init: Mapping[str, Any], progress: Progress) -> None:
    """Connect. If the start fails meanwhile, raise the error that ended it, with its own class."""
    try:
        cluster.connect(**ray_init)
    except ClusterStoppedException:
        wait(cluster._handle.await_running, progress)
        raise
