"""The names of BigDL Orca: one call from a cluster mode to Spark with Ray, one call back."""

from __future__ import annotations

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
    **kwargs: Any,
) -> SparkContext:
    """Start Spark in a cluster mode, or take the one that runs, and Ray on it if wanted.

    Sizes are text such as "2g" or "1.5gb", in binary units; a bare number is MiB for Spark, and
    bytes for Ray. What a call does not ask for comes from `conf`, then from the default. On a
    failure nothing that the call started is left. :func:`stop_orca_context` is its counterpart.

    Parameters
    ----------
    cluster_mode : str, optional
        "local", "standalone", "yarn", "yarn-cluster", "k8s", "k8s-cluster" or "spark-submit"; case
        does not matter. Default: the running SparkContext, else what spark-submit configured, else
        "local". On "yarn" and "k8s", or "yarn-client" and "k8s-client", the driver is this process;
        "yarn-cluster" and "k8s-cluster" submit this script, wait, and exit as it has.
    cores : int or "*", optional
        Cores of each executor (``spark.executor.cores``); in local mode those of the whole,
        default "*". A standalone cluster of our own shares this machine's cores by default.
    memory : str, optional
        Heap of each executor (``spark.executor.memory``); in local mode of the driver. Default
        "2g".
    num_nodes : int, optional
        Executors. Default 1.
    init_ray_on_spark : bool, optional
        Whether to start Ray at once. Default False: ``OrcaContext.get_ray_context()`` does.
    conf : dict, optional
        Further keys of Spark's configuration, those of ``spark.rayonspark.*`` included.
    spark_log_level : str, optional
        Spark's log level (``spark.log.level``), such as "WARN".
    python_location : str, optional
        Interpreter of Spark's Python workers and of Ray (``spark.pyspark.python``). Default:
        PYSPARK_PYTHON; on this machine otherwise the running one.
    driver_cores : int, optional
        ``spark.driver.cores``.
    driver_memory : str, optional
        ``spark.driver.memory``.
    extra_executor_memory_for_ray : str, optional
        Memory of each executor's container beside its heap (``spark.executor.memoryOverhead``).
    extra_python_lib : str or list of str, optional
        Files of Python code for executors and Ray (``spark.submit.pyFiles``); text is separated by
        commas.
    jars : str or list of str, optional
        Jars for driver and executors (``spark.jars``).
    master : str, optional
        For "standalone" the URL "spark://host:port"; default: a small cluster of `num_nodes`
        workers is started on this machine, with its logs in ``~/.local/state/rayonspark``
        (XDG_STATE_HOME). For "k8s" the URL of the API server, "k8s://https://host:port"; default,
        in a pod: that of its own cluster.
    redis_port : int, optional
        Port of Ray's GCS. Default: a free one.
    object_store_memory : str or int, optional
        Size of each Ray node's object store.
    env : dict, optional
        Environment variables of Ray's workers.
    extra_params : dict, optional
        Further options of ``ray start`` for all nodes, such as ``{"num-gpus": 1}``; True gives an
        option without a value. Those that are fields of :class:`RayClusterSpec` are set there:
        num-gpus, memory, resources, labels, temp-dir, object-spilling-directory, dashboard-host,
        dashboard-port.
    include_webui : bool, optional
        Whether Ray's dashboard runs. Default: True, where it is installed.
    system_config : dict, optional
        Ray's internal configuration (``ray start --system-config``).
    num_ray_nodes : int, optional
        Ray nodes. Default: one on each executor.
    ray_node_cpu_cores : int, optional
        CPUs that each of them offers. Default: the executor's cores.
    hadoop_conf : str, optional
        On YARN: the directory with yarn-site.xml. Default: HADOOP_CONF_DIR.
    hadoop_user_name : str, optional
        On YARN without Kerberos: the user (HADOOP_USER_NAME).
    penv_archive : str, optional
        On YARN and Kubernetes: a packed Python environment for the executors, local or where they
        can read it, as conda-pack and venv-pack make it. Default on Kubernetes: the image's
        Python; on YARN, unless `python_location` or PYSPARK_PYTHON names an interpreter that every
        host has: the active environment is packed by whichever of the two fits, and the archive
        kept in ``~/.cache/rayonspark`` (XDG_CACHE_HOME).
    additional_archive : str or list of str, optional
        On YARN: further archives for all containers, ``path#link`` each
        (``spark.yarn.dist.archives``).
    spark_yarn_archive : str, optional
        On YARN: an archive of Spark's jars that the hosts read (``spark.yarn.archive``).
    queue : str, optional
        On YARN: the queue (``spark.yarn.queue``).
    container_image : str, optional
        On Kubernetes: the image of the pods, with Spark, Python and Ray
        (``spark.kubernetes.container.image``); required, here or in Spark's configuration.
    namespace : str, optional
        On Kubernetes: where the pods are (``spark.kubernetes.namespace``). Default: that of the pod
        that this process is in, else "default".
    service_account : str, optional
        On Kubernetes: the account whose rights a driver in a pod has
        (``spark.kubernetes.authenticate.driver.serviceAccountName``).
    pod_template : str, optional
        On Kubernetes: a file with a pod to start from, for driver and executors
        (``spark.kubernetes.executor.podTemplateFile``).
    prepare_pods : bool, optional
        On Kubernetes: whether pods get what Ray needs and the configuration leaves open: memory
        beside the JVM's heap, a /dev/shm in memory, and word before they end
        (``spark.decommission.enabled``). Default True.
    verbose : bool, optional
        Whether a start shows its progress from the first moment. Default False: after 2 s.

    Returns
    -------
    pyspark.SparkContext

    Raises
    ------
    TypeError
        An argument is unknown; the error names the closest valid one.
    InvalidSpecException
        A value or mode is not possible, or Spark or Ray run already and cannot honour some
        arguments; the error lists them all.
    RayOnSparkException
        As :meth:`RayCluster.start`.
    """
    arguments = OrcaArguments.of(
        {
            "cluster_mode": cluster_mode,
            "cores": cores,
            "memory": memory,
            "num_nodes": num_nodes,
            "init_ray_on_spark": init_ray_on_spark,
            **kwargs,
        }
    )
    return _orca.CURRENT.open(arguments)


def stop_orca_context() -> None:
    """Stop what :func:`init_orca_context` started: Ray, Spark, a standalone cluster of its own.

    A SparkContext that ran before goes on. Idempotent, and called at the exit of the process.
    """
    _orca.CURRENT.close()


class _OrcaContextType(type):
    """Carries the properties of ``OrcaContext``, which is never instantiated."""

    @property
    def barrier_mode(cls) -> bool:
        """Whether Spark places Ray's nodes in a barrier stage.

        Default True. To be set before Ray runs; afterwards it is an error.
        """
        return _orca.CURRENT.barrier_mode

    @barrier_mode.setter
    def barrier_mode(cls, value: bool) -> None:
        _orca.CURRENT.set_barrier_mode(value)

    @property
    def log_output(cls) -> bool:
        """Whether the output of Spark's JVM is written to this process's sys.stdout and sys.stderr.

        Default False. For notebooks, which show only that. To be set before Spark's JVM runs;
        afterwards it is an error.
        """
        return _orca.CURRENT.log_output

    @log_output.setter
    def log_output(cls, value: bool) -> None:
        _orca.CURRENT.set_log_output(value)


class OrcaContext(metaclass=_OrcaContextType):
    """The current Orca context of this process: its settings, and what it runs."""

    @staticmethod
    def get_spark_context() -> SparkContext:
        """Give the SparkContext; an error before :func:`init_orca_context`."""
        return _orca.CURRENT.spark_context()

    @staticmethod
    def get_spark_session() -> SparkSession:
        """Give a SparkSession of the SparkContext."""
        from pyspark.sql import SparkSession

        _orca.CURRENT.spark_context()
        return SparkSession.builder.getOrCreate()

    @staticmethod
    def get_ray_context() -> OrcaRayContext:
        """Give Ray; it is started when it does not run."""
        return _orca.CURRENT.ray_context()
