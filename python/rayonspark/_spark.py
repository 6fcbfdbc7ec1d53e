"""The effects of starting Spark: a small standalone cluster, the SparkContext, its executors."""

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
from rayonspark.cluster_mode import ClusterMode, is_kubernetes
from rayonspark.session import Setting

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_LOG = logging.getLogger("rayonspark")


class SparkOfOurs:
    """A SparkContext that we made, with the standalone cluster below it where there is one."""

    def __init__(self, sc: SparkContext, close: Callable[[], None]) -> None:
        self.sc = sc
        self._close = close

    def stop(self) -> None:
        """Stop the SparkContext, then what is below it; idempotent."""
        self._close()


def running_context() -> SparkContext | None:
    """Give the SparkContext that runs in this process, if one does."""
    from pyspark import SparkContext

    sc = SparkContext._active_spark_context
    return sc if sc is not None and sc._jsc is not None else None


def create(arguments: OrcaArguments, mode: ClusterMode, *, log_output: bool) -> SparkOfOurs:
    """Start Spark as these arguments say; on a failure nothing is left running."""
    from pyspark import SparkContext

    own_cluster = mode is ClusterMode.STANDALONE and arguments.master is None
    rows, variables = _asked(arguments, mode)
    if mode.submits and not _gateway.submitted():
        _submit.run(session.as_conf(rows), variables, mode)
    with contextlib.ExitStack() as undo:
        undo.enter_context(_gateway.lent(variables))
        rows = _gateway.with_jvm(rows, mode, variables, log_output=log_output)
        conf = session.as_conf(rows)
        if "PYSPARK_PYTHON" in variables:
            conf.setdefault("spark.pyspark.python", variables["PYSPARK_PYTHON"])
        if _gateway.submitted():
            conf |= _sized(arguments, conf)
        with contextlib.ExitStack() as below:
            if own_cluster:
                conf |= _standalone(arguments, conf, below)
            known = {**_jvm.system_properties(SparkContext._jvm), **conf}
            in_pods = is_kubernetes(known.get("spark.master", ""))
            if in_pods:
                conf |= _jvm.check_kubernetes(SparkContext._jvm, known)
            sc = _context(conf)
            below.callback(sc.stop)
            _jvm.give_to_executors(sc)
            if in_pods:
                _await_executors(sc, verbose=arguments.verbose)
            return SparkOfOurs(sc, below.pop_all().close)


def configure_spark(builder: SparkSession.Builder) -> SparkSession.Builder:
    """Put RayOnSpark's jar onto the class path of the session that `builder` will make.

    It adds the jar to the builder's own ``spark.jars``. A ``spark.jars`` of spark-defaults.conf
    is replaced by that, as always in Spark; there, leave this call out: ``RayCluster.start``
    attaches the jar to a live session too.

    Parameters
    ----------
    builder : pyspark.sql.SparkSession.Builder

    Returns
    -------
    pyspark.sql.SparkSession.Builder
        The same builder.

    Raises
    ------
    FileNotFoundError
        This Python package carries no jar, because it was not installed as a wheel.
    """
    jar = our_jar()
    if jar is None:
        raise FileNotFoundError(
            "This copy of the Python package carries no jar of RayOnSpark. Install the wheel, or "
            "build the jar first."
        )
    there = [path for path in str(builder._options.get("spark.jars", "")).split(",") if path]
    return builder.config("spark.jars", ",".join([*there, str(jar)]))


def _asked(arguments: OrcaArguments, mode: ClusterMode) -> tuple[list[Setting], dict[str, str]]:
    """Give Spark's settings, and the environment variables that its JVM is to be launched with."""
    if mode.is_yarn and not _gateway.submitted():
        return _yarn.prepare(arguments, mode)
    if mode.is_kubernetes and not _gateway.submitted():
        return _kubernetes.prepare(arguments, mode)
    interpreter = arguments.python_location
    here = mode is ClusterMode.STANDALONE and arguments.master is None
    if interpreter is None and (here or mode is ClusterMode.LOCAL):
        interpreter = os.environ.get("PYSPARK_PYTHON", sys.executable)
    variables = {} if interpreter is None else {"PYSPARK_PYTHON": interpreter}
    return session.settings(arguments, mode), variables


def _sized(arguments: OrcaArguments, conf: Mapping[str, str]) -> dict[str, str]:
    """Size what is still open when spark-submit has started the driver: the executors."""
    from pyspark import SparkContext

    known = {**_jvm.system_properties(SparkContext._jvm), **conf}
    master = known.get("spark.master", "")
    if is_kubernetes(master):
        return _kubernetes.beside_submit(arguments, known)
    return _yarn.beside_submit(arguments, known) if master == "yarn" else {}


def _await_executors(sc: SparkContext, *, verbose: bool) -> None:
    """Wait until the executors' pods are there; what keeps them is an error."""
    executors = _jvm.JvmExecutors(sc)
    progress = Progress(executors.progress, quiet_s=0.0 if verbose else QUIET_S)
    _launch.wait(executors.arrived, progress)


def _standalone(
    arguments: OrcaArguments, conf: Mapping[str, str], below: contextlib.ExitStack
) -> dict[str, str]:
    """Start a cluster with one executor to a worker; give the settings that say so to Spark."""
    from pyspark import SparkContext

    directory = StateDirectory.create()
    below.callback(directory.release)
    nodes = arguments.num_nodes
    sizes = session.standalone_sizes(conf, nodes=nodes, machine_cores=os.cpu_count() or 1)
    url, stop = _jvm.start_standalone(
        SparkContext._jvm,
        workers=nodes,
        cores=int(sizes["spark.executor.cores"]),
        memory_mib=session.worker_memory_mib(conf),
        directory=str(directory.path),
    )
    below.callback(stop)
    return {**sizes, "spark.master": url}


def _context(conf: Mapping[str, str]) -> SparkContext:
    from pyspark import SparkConf, SparkContext

    jvm: Any = SparkContext._jvm
    sc = SparkContext(conf=SparkConf(_jvm=jvm).setAll(list(conf.items())))
    # A JVM that ran before knows only the files that it was launched with.
    sent = {Path(file).name for file in str(sc.getConf().get("spark.files", "")).split(",")}
    for path in conf.get("spark.submit.pyFiles", "").split(","):
        if path and Path(path).name not in sent:
            sc.addPyFile(path)
    return sc
