"""Starts Spark: a small standalone cluster where needed, the SparkContext and its executors."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayonspark import _gateway, _jvm, _kubernetes, _launch, _submit, _yarn, session
from rayonspark._arguments import OrcaArguments
from rayonspark._jars import our_jar
from rayonspark._progress import QUIET_S, Progress
from rayonspark._state_dir import StateDirectory
from rayonspark._versions import build_for
from rayonspark.cluster_mode import ClusterMode, is_kubernetes
from rayonspark.session import Setting

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_LOG = logging.getLogger("rayonspark")


class OwnedSpark:
    """A SparkContext that RayOnSpark started, with its standalone cluster where it has one."""

    def __init__(self, sc: SparkContext, close: Callable[[], None]) -> None:
        self.sc = sc
        self._close = close

    def stop(self) -> None:
        """Stop the SparkContext, then its standalone cluster. Idempotent."""
        self._close()


def running_context() -> SparkContext | None:
    """Return the running SparkContext of this process; None when there is none."""
    from pyspark import SparkContext

    sc = SparkContext._active_spark_context
    return sc if sc is not None and sc._jsc is not None else None


def create(arguments: OrcaArguments, mode: ClusterMode, *, log_output: bool) -> OwnedSpark:
    """Start Spark with these arguments. After a failure, nothing is left running.

    In a mode that submits the script, the process exits here when the submitted script has ended.

    Raises
    ------
    RayOnSparkException
        An argument does not fit the mode or the running JVM, or the executors' pods cannot start.
    """
    from pyspark import SparkContext

    own_cluster = mode is ClusterMode.STANDALONE and arguments.master is None
    rows, variables = _requested(arguments, mode)
    if mode.submits and not _gateway.submitted():
        _submit.run(session.as_conf(rows), variables, mode)
    with contextlib.ExitStack() as undo:
        undo.enter_context(_gateway.with_environment(variables))
        rows = _gateway.with_jvm(rows, mode, variables, log_output=log_output)
        conf = session.as_conf(rows)
        if "PYSPARK_PYTHON" in variables:
            conf.setdefault("spark.pyspark.python", variables["PYSPARK_PYTHON"])
        if _gateway.submitted():
            conf |= _executor_sizes(arguments, conf)
        with contextlib.ExitStack() as started:
            if own_cluster:
                conf |= _standalone(arguments, conf, started)
            known = {**_jvm.system_properties(SparkContext._jvm), **conf}
            in_pods = is_kubernetes(known.get("spark.master", ""))
            if in_pods:
                conf |= _jvm.check_kubernetes(SparkContext._jvm, known)
            sc = _context(conf)
            started.callback(sc.stop)
            _jvm.give_to_executors(sc)
            if in_pods:
                _await_executors(sc, verbose=arguments.verbose)
            return OwnedSpark(sc, started.pop_all().close)


def configure_spark(builder: SparkSession.Builder) -> SparkSession.Builder:
    """Put RayOnSpark's jar on the class path of the session that `builder` will create.

    The jar is added to the builder's ``spark.jars``, which replaces a ``spark.jars`` in
    spark-defaults.conf, as always in Spark. If you set the key there, leave this call out:
    ``RayCluster.start`` also attaches the jar to a running session.

    Parameters
    ----------
    builder : pyspark.sql.SparkSession.Builder
        Builder of the session; it is modified.

    Returns
    -------
    pyspark.sql.SparkSession.Builder
        The same builder.

    Raises
    ------
    VersionMismatchException
        RayOnSpark has no jar for the Spark that would run, or pyspark belongs to another Spark.
    RayOnSparkException
        This Python package contains no jar for that Spark, because it was not installed as a wheel.
    """
    jar = our_jar(build_for(_gateway.fitting_spark()))
    present = [path for path in str(builder._options.get("spark.jars", "")).split(",") if path]
    return builder.config("spark.jars", ",".join([*present, str(jar)]))


def _requested(arguments: OrcaArguments, mode: ClusterMode) -> tuple[list[Setting], dict[str, str]]:
    """Return Spark's settings, and the environment variables for the launch of its JVM."""
    if mode.is_yarn and not _gateway.submitted():
        return _yarn.prepare(arguments, mode)
    if mode.is_kubernetes and not _gateway.submitted():
        return _kubernetes.prepare(arguments, mode)
    interpreter = arguments.python_location
    own_cluster = mode is ClusterMode.STANDALONE and arguments.master is None
    if interpreter is None and (own_cluster or mode is ClusterMode.LOCAL):
        interpreter = os.environ.get("PYSPARK_PYTHON", sys.executable)
    variables = {} if interpreter is None else {"PYSPARK_PYTHON": interpreter}
    return session.settings(arguments, mode), variables


def _executor_sizes(arguments: OrcaArguments, conf: Mapping[str, str]) -> dict[str, str]:
    """Return the executor sizes that are still open when spark-submit has started the driver."""
    from pyspark import SparkContext

    known = {**_jvm.system_properties(SparkContext._jvm), **conf}
    master = known.get("spark.master", "")
    if is_kubernetes(master):
        return _kubernetes.settings_after_submit(arguments, known)
    return _yarn.settings_after_submit(arguments, known) if master == "yarn" else {}


def _await_executors(sc: SparkContext, *, verbose: bool) -> None:
    """Wait until the executors have registered; raise an error when their pods cannot start."""
    executors = _jvm.JvmExecutors(sc)
    progress = Progress(executors.progress, quiet_s=0.0 if verbose else QUIET_S)
    _launch.wait(executors.arrived, progress)


def _standalone(
    arguments: OrcaArguments, conf: Mapping[str, str], started: contextlib.ExitStack
) -> dict[str, str]:
    """Start a cluster with one executor per worker; return the settings that make Spark use it."""
    from pyspark import SparkContext

    directory = StateDirectory.create()
    started.callback(directory.release)
    nodes = arguments.num_nodes
    sizes = session.standalone_sizes(conf, nodes=nodes, machine_cores=os.cpu_count() or 1)
    url, stop = _jvm.start_standalone(
        SparkContext._jvm,
        workers=nodes,
        cores=int(sizes["spark.executor.cores"]),
        memory_mib=session.worker_memory_mib(conf),
        directory=str(directory.path),
    )
    started.callback(stop)
    return {**sizes, "spark.master": url}


def _context(conf: Mapping[str, str]) -> SparkContext:
    from pyspark import SparkConf, SparkContext

    jvm: Any = SparkContext._jvm
    sc = SparkContext(conf=SparkConf(_jvm=jvm).setAll(list(conf.items())))
    # A JVM that was already running knows only the files that it was launched with.
    sent = {Path(file).name for file in str(sc.getConf().get("spark.files", "")).split(",")}
    for path in conf.get("spark.submit.pyFiles", "").split(","):
        if path and Path(path).name not in sent:
            sc.addPyFile(path)
    return sc
