"""Spark's JVM: launched from here, or found, and with which settings."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rayonspark import _jvm, conflict, session
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import InvalidSpecException
from rayonspark.session import Setting

# What only the launch of the JVM can set.
_LAUNCH_KEYS = frozenset(
    {
        "spark.driver.memory",
        "spark.driver.extraClassPath",
        "spark.driver.extraJavaOptions",
        "spark.driver.extraLibraryPath",
    }
)


def submitted() -> bool:
    """Say whether spark-submit runs this process and has configured Spark."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def jvm_runs() -> bool:
    """Say whether this process has a JVM for Spark already."""
    from pyspark import SparkContext

    return SparkContext._gateway is not None


def with_jvm(
    rows: list[Setting], mode: ClusterMode, variables: Mapping[str, str], *, log_output: bool
) -> list[Setting]:
    """Have a JVM with our jar run, and give the settings that are still to be made in it."""
    from pyspark import SparkConf, SparkContext, java_gateway
    from pyspark.find_spark_home import _find_spark_home

    fresh = SparkContext._gateway is None and not submitted()
    if fresh:
        conf = SparkConf(loadDefaults=False).setAll(list(session.as_conf(rows).items()))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if log_output else {}
        # Workers in this JVM launch executors with these; bin/spark-submit alone sets them only
        # where it is not the one of a pip-installed pyspark.
        home = {"SPARK_HOME": _find_spark_home(), "SPARK_SCALA_VERSION": "2.13"}
        with lent({name: os.environ.get(name, value) for name, value in home.items()}):
            launch: Any = java_gateway.launch_gateway
            gateway = launch(conf, pipes)
        if log_output:
            _pump(gateway.proc)
        SparkContext._ensure_initialized(gateway=gateway)
    SparkContext._ensure_initialized()
    jvm = SparkContext._jvm
    _jvm.attach(jvm)
    if fresh:
        # The launch made them defaults of every later SparkContext of this process.
        _jvm.forget(jvm, {row.key for row in rows} - _LAUNCH_KEYS)
        return rows
    there = _jvm.system_properties(jvm)
    if submitted() and (mode is ClusterMode.SUBMIT or mode.is_yarn or mode.is_kubernetes):
        return _beside_submit(rows, there)
    _check_hadoop(jvm, variables)
    return _in_live(rows, there)


def _check_hadoop(jvm: Any, variables: Mapping[str, str]) -> None:
    late = [
        f"{name}={value!r}"
        for name, value in variables.items()
        if name.startswith("HADOOP_") and jvm.System.getenv(name) != value
    ]
    if late:
        raise InvalidSpecException(
            "The JVM of this process runs since an earlier SparkContext, and it was started "
            f"without {', '.join(late)}. Start a new Python process."
        )


def _in_live(rows: list[Setting], there: Mapping[str, str]) -> list[Setting]:
    launched = [row for row in rows if row.key in _LAUNCH_KEYS]
    late = conflict.differing(launched, there)
    if late:
        raise InvalidSpecException(
            "The JVM of this process runs since an earlier SparkContext, and it cannot honour "
            f"{'; '.join(late)}. Leave that out, or start a new Python process."
        )
    return [row for row in rows if row.key not in _LAUNCH_KEYS]


def _beside_submit(rows: list[Setting], there: Mapping[str, str]) -> list[Setting]:
    """Keep what spark-submit did not decide; where the two differ, spark-submit wins, aloud."""
    decided = [row for row in rows if row.key in there or row.key in _LAUNCH_KEYS]
    late = conflict.differing(decided, there)
    if late:
        warnings.warn(
            f"spark-submit has decided otherwise than these arguments: {'; '.join(late)}. Its "
            "values are used.",
            RuntimeWarning,
            stacklevel=2,
        )
    return [row for row in rows if row not in decided]


@contextlib.contextmanager
def lent(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables in this process's environment for a while."""
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
            # Looked up for each line: a notebook gives each cell streams of its own.
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
