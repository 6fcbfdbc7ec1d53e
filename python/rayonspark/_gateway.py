"""Spark's JVM: launches it or uses the running one, and selects the settings that still apply."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from rayonspark import _jvm, _lease, conflict, session
from rayonspark._versions import SparkVersion, check_pyspark, spark_at
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import InvalidSpecException
from rayonspark.session import Setting

# Keys that take effect only when the JVM is launched.
_LAUNCH_KEYS = frozenset(
    {
        "spark.driver.memory",
        "spark.driver.extraClassPath",
        "spark.driver.extraJavaOptions",
        "spark.driver.extraLibraryPath",
    }
)


def submitted() -> bool:
    """Return whether spark-submit runs this process and has configured Spark."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def jvm_runs() -> bool:
    """Return whether this process already has a JVM for Spark."""
    from pyspark import SparkContext

    return SparkContext._gateway is not None


def found_spark() -> SparkVersion:
    """Return the version of the Spark whose JVM this process has, or would launch."""
    from pyspark import SparkContext, __version__
    from pyspark.find_spark_home import _find_spark_home

    if SparkContext._jvm is not None:
        return _jvm.spark_version(SparkContext._jvm)
    return spark_at(Path(_find_spark_home()), __version__)


def fitting_spark() -> SparkVersion:
    """Return the version of that Spark, and check that pyspark belongs to it.

    Raises
    ------
    VersionMismatchException
        This process imports the pyspark of another Spark.
    """
    from pyspark import __version__

    found = found_spark()
    check_pyspark(__version__, found)
    return found


def with_jvm(
    rows: list[Setting], mode: ClusterMode, variables: Mapping[str, str], *, log_output: bool
) -> list[Setting]:
    """Make sure that a JVM with RayOnSpark's jar runs; return the settings still to be made there.

    Raises
    ------
    InvalidSpecException
        The JVM already runs, and a setting or variable takes effect only at its launch.
    """
    from pyspark import SparkConf, SparkContext, java_gateway
    from pyspark.find_spark_home import _find_spark_home

    fresh = SparkContext._gateway is None and not submitted()
    if fresh:
        conf = SparkConf(loadDefaults=False).setAll(list(session.as_conf(rows).items()))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if log_output else {}
        # Workers in this JVM launch executors with these variables. bin/spark-submit sets them, but
        # not the bin/spark-submit of a pip-installed pyspark.
        home = {
            "SPARK_HOME": _find_spark_home(),
            "SPARK_SCALA_VERSION": fitting_spark().scala,
        }
        with with_environment({name: os.environ.get(name, value) for name, value in home.items()}):
            launch: Any = java_gateway.launch_gateway
            gateway = launch(conf, pipes)
        if log_output:
            _pump(gateway.proc)
        SparkContext._ensure_initialized(gateway=gateway)
    SparkContext._ensure_initialized()
    _lease.keep_from_forks()
    jvm = SparkContext._jvm
    _jvm.attach(jvm)
    if fresh:
        # The launch made them defaults for every later SparkContext of this process.
        _jvm.forget(jvm, {row.key for row in rows} - _LAUNCH_KEYS)
        return rows
    current = _jvm.system_properties(jvm)
    if submitted() and (mode is ClusterMode.SUBMIT or mode.is_yarn or mode.is_kubernetes):
        return _left_by_submit(rows, current)
    _check_hadoop(jvm, variables)
    return _for_running_jvm(rows, current)


def _check_hadoop(jvm: Any, variables: Mapping[str, str]) -> None:
    missing = [
        f"{name}={value!r}"
        for name, value in variables.items()
        if name.startswith("HADOOP_") and jvm.System.getenv(name) != value
    ]
    if missing:
        raise InvalidSpecException(
            "The JVM of this process was started for an earlier SparkContext, without "
            f"{', '.join(missing)}. Start a new Python process."
        )


def _for_running_jvm(rows: list[Setting], current: Mapping[str, str]) -> list[Setting]:
    launched = [row for row in rows if row.key in _LAUNCH_KEYS]
    differing = conflict.differing(launched, current)
    if differing:
        raise InvalidSpecException(
            "The JVM of this process was started for an earlier SparkContext, and it cannot "
            f"honour {'; '.join(differing)}. Leave that out, or start a new Python process."
        )
    return [row for row in rows if row.key not in _LAUNCH_KEYS]


def _left_by_submit(rows: list[Setting], current: Mapping[str, str]) -> list[Setting]:
    """Return the settings that spark-submit left open; warn about those that it set otherwise."""
    fixed = [row for row in rows if row.key in current or row.key in _LAUNCH_KEYS]
    differing = conflict.differing(fixed, current)
    if differing:
        warnings.warn(
            f"These arguments differ from what spark-submit has set: {'; '.join(differing)}. The "
            "values of spark-submit are used.",
            RuntimeWarning,
            stacklevel=2,
        )
    return [row for row in rows if row not in fixed]


@contextlib.contextmanager
def with_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables in this process's environment, and restore them on exit."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _pump(process: subprocess.Popen[bytes]) -> list[threading.Thread]:
    def copy(source: IO[bytes], target: str) -> None:
        for line in source:
            # Look the stream up for each line: a notebook gives each cell its own streams.
            stream = getattr(sys, target)
            stream.write(line.decode(errors="replace"))
            stream.flush()

    pairs = ((process.stdout, "stdout"), (process.stderr, "stderr"))
    threads = [
        threading.Thread(target=copy, args=pair, name=f"rayonspark-jvm-{pair[1]}", daemon=True)
        for pair in pairs
    ]
    for thread in threads:
        thread.start()
    return threads
