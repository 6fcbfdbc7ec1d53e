"""Python's access to a Ray cluster in the JVM."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rayonspark import errors
from rayonspark._jvm import jar
from rayonspark._jvm._calls import plain, translated
from rayonspark._jvm.exchange import JvmExport, JvmImports
from rayonspark._version import __version__
from rayonspark.spec import RayClusterSpec

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession


def start(spark: SparkSession, fields: Mapping[str, str], python: str) -> JvmCluster:
    """Begin to start a cluster in the JVM; invalid input is an error at once."""
    sc = live_context(spark)
    jvm: Any = sc._jvm
    with translated():
        jar.attach(jvm)
        jar.give_to_executors(sc)
        _check_fields(jvm)
        api = jvm.org.rayonspark.python.PythonApi
        return JvmCluster(api.start(spark._jsparkSession, dict(fields), python), jvm)


class JvmCluster:
    """One ``ClusterHandle``. Each method is one call to the JVM, and translates its errors."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    def _call(self, method: Callable[[Any], Any]) -> Any:
        with translated():
            return method(self._handle)

    def id(self) -> str:
        return str(self._call(lambda handle: handle.id()))

    def state(self) -> str:
        return str(self._call(lambda handle: handle.state()))

    def failure(self) -> errors.RayOnSparkException | None:
        text = str(self._call(lambda handle: handle.failure()))
        return errors.RayOnSparkException(text) if text else None

    def await_head(self, timeout_ms: int) -> bool:
        return bool(self._call(lambda handle: handle.awaitHead(timeout_ms)))

    def await_running(self, timeout_ms: int) -> bool:
        return bool(self._call(lambda handle: handle.awaitRunning(timeout_ms)))

    def await_ending(self) -> str:
        return str(self._call(lambda handle: handle.awaitEnding()))

    def progress(self) -> str:
        return str(self._call(lambda handle: handle.progress()))

    def client_attached(self) -> None:
        self._call(lambda handle: handle.clientAttached(os.getpid()))

    def client_detached(self) -> None:
        self._call(lambda handle: handle.clientDetached(os.getpid()))

    def address(self) -> str:
        return str(self._call(lambda handle: handle.address()))

    def address_info(self) -> dict[str, Any]:
        return dict(self._call(lambda handle: plain(self._jvm, handle.addressInfo())))

    def environment(self) -> dict[str, str]:
        return dict(self._call(lambda handle: plain(self._jvm, handle.environment())))

    def nodes(self) -> list[dict[str, Any]]:
        return list(self._call(lambda handle: plain(self._jvm, handle.nodes())))

    def stop(self) -> None:
        self._call(lambda handle: handle.stop())

    def export(self, frame: Any, options: Mapping[str, str]) -> JvmExport:
        """Begin to encode a DataFrame."""
        handle = self._call(lambda handle: handle.exportFrame(frame._jdf, dict(options)))
        return JvmExport(handle, self._jvm)

    def block_bytes(self, slots: int) -> int:
        """Return the largest size of a staged block, in bytes, for this number of task slots."""
        return int(self._call(lambda handle: handle.blockBytes(slots)))

    def imports(self) -> JvmImports:
        """Open the imports through which Spark reads the Datasets of one connection to Ray."""
        return JvmImports(self._call(lambda handle: handle.imports()), self._jvm)


def live_context(spark: SparkSession) -> SparkContext:
    """Return the SparkContext of a classic, running session; raise an error for any other."""
    kinds = {kind.__module__ for kind in type(spark).__mro__}
    if any(module.startswith("pyspark.sql.connect") for module in kinds):
        raise errors.RayOnSparkException(
            "This is a Spark Connect session, and RayOnSpark cannot start from one yet. Use a "
            "classic SparkSession in the driver's process, such as "
            'SparkSession.builder.master("local[4]").getOrCreate().'
        )
    if not hasattr(spark, "_jsparkSession"):
        raise TypeError(
            f"RayCluster.start() needs a SparkSession, and got a {type(spark).__name__}. "
            "Pass the session; if you have a SparkContext, pass SparkSession(sc)."
        )
    sc = spark.sparkContext
    with translated():
        stopped = sc._jsc is None or sc._jsc.sc().isStopped()
    if stopped:
        raise errors.ClusterStoppedException(
            "The SparkContext of this session is stopped. Create a new SparkSession, and start "
            "Ray on it."
        )
    return sc


def _check_fields(jvm: Any) -> None:
    """Raise unless the jar knows the same fields of a specification as this package."""
    in_jar = tuple(plain(jvm, jvm.org.rayonspark.python.PythonApi.specFields()))
    here = RayClusterSpec.names()
    if in_jar != here:
        differing = sorted(set(in_jar) ^ set(here)) or ["their order"]
        raise errors.VersionMismatchException(
            f"The Python package of RayOnSpark is {__version__}, and the jar in Spark's JVM has "
            f"another version: they differ in {', '.join(differing)}. Install the same version of "
            "both."
        )
