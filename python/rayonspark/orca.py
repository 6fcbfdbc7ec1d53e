"""The API of BigDL Orca: one call starts Spark and Ray in a cluster mode, one call stops them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rayonspark import _orca
from rayonspark._arguments import OrcaArguments
from rayonspark.ray_context import OrcaRayContext

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

__all__ = ["OrcaContext", "OrcaRayContext", "init_orca_context", "stop_orca_context"]


def init_orca_context(
    cluster_mode: str | None = None,
    cores: int | str | None = None,
    memory: str | int = "2g",
    num_nodes: int = 1,
    init_ray_on_spark: bool = False,
    *,
    conf: Mapping[str, Any] | None = None,
    spark_log_level: str | None = None,
    python_location: str | None = None,
    driver_cores: int | None = None,
    driver_memory: str | int | None = None,
    extra_executor_memory_for_ray: str | int | None = None,
    extra_python_lib: str | Sequence[str] | None = None,
    jars: str | Sequence[str] | None = None,
    master: str | None = None,
    redis_port: int | None = None,
    object_store_memory: str | int | None = None,
    env: Mapping[str, str] | None = None,
    extra_params: Mapping[str, Any] | None = None,
    include_webui: bool | None = None,
    system_config: Mapping[str, Any] | None = None,
    num_ray_nodes: int | None = None,
    ray_node_cpu_cores: int | None = None,
    verbose: bool = False,
    hadoop_conf: str | None = None,
    hadoop_user_name: str | None = None,
    penv_archive: str | None = None,
    additional_archive: str | Sequence[str] | None = None,
    spark_yarn_archive: str | None = None,
    queue: str | None = None,
    container_image: str | None = None,
    namespace: str | None = None,
    service_account: str | None = None,
    pod_template: str | None = None,
    prepare_pods: bool = True,
    ray_init: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> SparkContext:
    """Start Spark in a cluster mode, or use the running one, and start Ray on it if requested.

    Sizes are text such as "2g" or "1.5gb", in binary units. A bare number is MiB in Spark's sizes,
    and bytes in Ray's size `object_store_memory`. Arguments override `conf`, and `conf` overrides
    the defaults. After a failure, the Spark and Ray that this call started are stopped.

    Spark's JVM lives as long as this process, as after every SparkContext. A later call therefore
    cannot change settings that take effect only when the JVM is launched, such as the driver's
    memory. Call :func:`stop_orca_context` to stop Ray and Spark.

    Parameters
    ----------
    cluster_mode : str, optional
        "local", "standalone", "yarn", "yarn-cluster", "k8s", "k8s-cluster" or "spark-submit"; case
        does not matter. Default: the running SparkContext, else what spark-submit configured, else
        "local". With "yarn" and "k8s", also called "yarn-client" and "k8s-client", the driver is
        this process. With "yarn-cluster" and "k8s-cluster", this process submits its script, waits
        for it, and exits with its exit status.
    cores : int or "*", optional
        Cores of each executor (``spark.executor.cores``), or of Spark as a whole in local mode.
        Default: in local mode "*", all cores of this machine; for a standalone cluster that this
        call starts, an equal part of this machine's cores; otherwise Spark's own.
    memory : str or int, optional
        Heap of each executor (``spark.executor.memory``), or of the driver in local mode. Default:
        "2g".
    num_nodes : int, optional
        Number of executors, at least 1. Default: 1.
    init_ray_on_spark : bool, optional
        Whether to start Ray in this call. Default: False; ``OrcaContext.get_ray_context()`` then
        starts it.
    conf : mapping, optional
        Additional keys of Spark's configuration, including ``spark.rayonspark.*``.
    spark_log_level : str, optional
        Spark's log level (``spark.log.level``), such as "WARN".
    python_location : str, optional
        Interpreter of Spark's Python workers and of Ray (``spark.pyspark.python``). Default:
        PYSPARK_PYTHON; if that is not set and Spark runs on this machine, this interpreter.
    driver_cores : int, optional
        Cores of the driver (``spark.driver.cores``), at least 1. Default: Spark's own.
    driver_memory : str or int, optional
        Heap of the driver (``spark.driver.memory``). Default: in local mode `memory`, otherwise
        Spark's own.
    extra_executor_memory_for_ray : str or int, optional
        Memory of each executor's container on top of its heap (``spark.executor.memoryOverhead``).
        Default: on YARN and Kubernetes, sized for Ray; otherwise Spark's own.
    extra_python_lib : str or sequence of str, optional
        Python files and archives for executors and Ray (``spark.submit.pyFiles``), as a sequence or
        separated by commas. Default: none.
    jars : str or sequence of str, optional
        Jars for driver and executors (``spark.jars``), as a sequence or separated by commas.
        Default: none.
    master : str, optional
        For "standalone", the URL "spark://host:port". Default: this call starts a small cluster of
        `num_nodes` workers on this machine, with its logs in ``~/.local/state/rayonspark``
        (XDG_STATE_HOME). For "k8s", the URL of the API server, "k8s://https://host:port". Default:
        in a pod, the API server of its own cluster.
    redis_port : int, optional
        Port of Ray's GCS. Default: a free port.
    object_store_memory : str or int, optional
        Size of each Ray node's object store, at least 75 MiB. A bare number is bytes. Default: on
        Kubernetes with `prepare_pods`, and on YARN when RayOnSpark sizes the containers, a quarter
        of the executor's heap and at least 256 MiB; otherwise 30 % of the node's share of memory
        (see :class:`RayClusterSpec`), or the node's part of the free /dev/shm when that is less.
    env : mapping of str to str, optional
        Environment variables of Ray's workers. Default: none.
    extra_params : mapping, optional
        Additional options of ``ray start`` for all nodes, such as ``{"num-gpus": 1}``. The value
        True sets an option without a value. Options that are fields of :class:`RayClusterSpec` set
        that field: num-gpus, memory, resources, labels, temp-dir, object-spilling-directory,
        dashboard-host and dashboard-port. Arguments of ``ray.init`` that ``ray start`` does not
        have, such as log_to_driver, go there. Default: none.
    include_webui : bool, optional
        Whether to run Ray's dashboard where it is installed. Default: True.
    system_config : mapping, optional
        Ray's internal configuration (``ray start --system-config``). Default: none.
    num_ray_nodes : int, optional
        Number of Ray worker nodes, at least 1. Default: one on each executor.
    ray_node_cpu_cores : int, optional
        CPUs that each of these nodes offers, at least 1. Default: the executor's cores. In local
        mode: CPUs that the head offers. Default: the master's cores.
    verbose : bool, optional
        Whether a start shows its progress at once. Default: False; progress appears after 2 s.
    hadoop_conf : str, optional
        On YARN: the directory with yarn-site.xml. Default: HADOOP_CONF_DIR, then YARN_CONF_DIR.
    hadoop_user_name : str, optional
        On YARN without Kerberos: the user (HADOOP_USER_NAME).
    penv_archive : str, optional
        On YARN and Kubernetes: a Python environment for the executors, packed by conda-pack or
        venv-pack. A local path, or a URL that the executors can read. Default: on Kubernetes, the
        Python of the image. On YARN, the interpreter of `python_location` or PYSPARK_PYTHON, which
        every host must have; if neither is set, the active environment is packed by conda-pack or
        venv-pack, and the archive is cached in ``~/.cache/rayonspark`` (XDG_CACHE_HOME).
    additional_archive : str or sequence of str, optional
        On YARN: additional archives for all containers, each as ``path#link``
        (``spark.yarn.dist.archives``). Default: none.
    spark_yarn_archive : str, optional
        On YARN: an archive of Spark's jars that the hosts can read (``spark.yarn.archive``).
    queue : str, optional
        On YARN: the queue (``spark.yarn.queue``).
    container_image : str, optional
        On Kubernetes: the image of the pods, with Spark, Python and Ray
        (``spark.kubernetes.container.image``). Required here or in Spark's configuration.
    namespace : str, optional
        On Kubernetes: the namespace of the pods (``spark.kubernetes.namespace``). Default: the
        namespace of the pod that this process runs in, else "default".
    service_account : str, optional
        On Kubernetes: the service account of a driver that runs in a pod
        (``spark.kubernetes.authenticate.driver.serviceAccountName``).
    pod_template : str, optional
        On Kubernetes: a file with a pod template for driver and executors
        (``spark.kubernetes.driver.podTemplateFile`` and
        ``spark.kubernetes.executor.podTemplateFile``).
    prepare_pods : bool, optional
        On Kubernetes: whether to add what Ray needs and the configuration leaves open: memory on
        top of the JVM's heap, an in-memory /dev/shm, and a notice to executors before their pods
        end (``spark.decommission.enabled``). Default: True.
    ray_init : mapping, optional
        Arguments of ``ray.init`` in this process, such as namespace, runtime_env and
        logging_level. Default: none.
    **kwargs
        No other arguments are valid. A misspelled name raises an error that names the closest one.

    Returns
    -------
    pyspark.SparkContext
        The running one, or the one that this call started.

    Raises
    ------
    TypeError
        An argument is unknown. The error names the closest valid one.
    InvalidSpecException
        A value or mode is invalid, or Spark or Ray is already running and cannot honour some
        arguments. The error lists all of them.
    RayOnSparkException
        Spark or Ray cannot start; see :meth:`RayCluster.start`.
    """
    # At this point, locals() holds exactly the parameters.
    given = dict(locals())
    given |= given.pop("kwargs")
    return _orca.CURRENT.open(OrcaArguments.of(given))


def stop_orca_context() -> None:
    """Stop what :func:`init_orca_context` started: Ray, Spark, and Spark's standalone cluster.

    A SparkContext that was running before keeps running; only Ray on it is stopped. Does nothing
    when there is no Orca context. A process that started Spark calls this at its exit. Returns when
    everything has stopped; for the limits and errors of Ray's part see :meth:`RayCluster.stop`.
    Spark is stopped even when stopping Ray fails.
    """
    _orca.CURRENT.close()


class _OrcaContextType(type):
    """Metaclass with the properties of ``OrcaContext``, which is never instantiated."""

    @property
    def barrier_mode(cls) -> bool:
        """Whether Spark places Ray's nodes in a barrier stage. Default: True.

        Set it before Ray starts. Setting it while Ray is running raises RayOnSparkException.
        """
        return _orca.CURRENT.barrier_mode

    @barrier_mode.setter
    def barrier_mode(cls, value: bool) -> None:
        _orca.CURRENT.set_barrier_mode(value)

    @property
    def log_output(cls) -> bool:
        """Whether to copy the output of Spark's JVM to sys.stdout and sys.stderr. Default: False.

        Notebooks show only the output that is written there. Set it before Spark's JVM starts.
        Setting it later raises RayOnSparkException.
        """
        return _orca.CURRENT.log_output

    @log_output.setter
    def log_output(cls, value: bool) -> None:
        _orca.CURRENT.set_log_output(value)


class OrcaContext(metaclass=_OrcaContextType):
    """The current Orca context of this process: its settings, and its Spark and Ray."""

    @staticmethod
    def get_spark_context() -> SparkContext:
        """Return the SparkContext of the current Orca context.

        Returns
        -------
        pyspark.SparkContext

        Raises
        ------
        ClusterStoppedException
            :func:`init_orca_context` was not called, or :func:`stop_orca_context` was called since.
        """
        return _orca.CURRENT.spark_context()

    @staticmethod
    def get_spark_session() -> SparkSession:
        """Return a SparkSession on the SparkContext; creates one if there is none.

        Returns
        -------
        pyspark.sql.SparkSession

        Raises
        ------
        ClusterStoppedException
            :func:`init_orca_context` was not called, or :func:`stop_orca_context` was called since.
        """
        from pyspark.sql import SparkSession

        _orca.CURRENT.spark_context()
        return SparkSession.builder.getOrCreate()

    @staticmethod
    def get_ray_context() -> OrcaRayContext:
        """Return the Ray context. Starts Ray and connects this process to it if it is not running.

        Returns
        -------
        OrcaRayContext

        Raises
        ------
        ClusterStoppedException
            :func:`init_orca_context` was not called, or :func:`stop_orca_context` was called since.
        RayOnSparkException
            Ray cannot start; see :meth:`RayCluster.start`.
        """
        return _orca.CURRENT.ray_context()
