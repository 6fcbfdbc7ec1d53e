"""A Ray cluster, as the JVM has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rayonspark import errors
from rayonspark._jvm import jar
from rayonspark._jvm._calls import plain, translated
from rayonspark._jvm.exchange import JvmExport, JvmImport
from rayonspark._version import __version__
from rayonspark.spec import RayClusterSpec

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession


def start(spark: SparkSession, fields: Mapping[str, str], python: str) -> JvmCluster:
    """Have the JVM begin to start a cluster; bad input is an error here, at once."""
    sc = live_context(spark)
    jvm: Any = sc._jvm
    with translated():
        jar.attach(jvm)
        jar.give_to_executors(sc)
        _check_mirror(jvm)
        api = jvm.org.rayonspark.python.PythonApi
        return JvmCluster(api.start(spark._jsparkSession, dict(fields), python), jvm)


class JvmCluster:
    """One ``ClusterHandle``; each call is one call on the JVM, with its errors translated."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        with translated():
            return question(self._handle)

    def id(self) -> str:
        return str(self._ask(lambda handle: handle.id()))

    def state(self) -> str:
        return str(self._ask(lambda handle: handle.state()))

    def await_head(self, timeout_ms: int) -> bool:
        return bool(self._ask(lambda handle: handle.awaitHead(timeout_ms)))

    def await_running(self, timeout_ms: int) -> bool:
        return bool(self._ask(lambda handle: handle.awaitRunning(timeout_ms)))

    def await_ending(self) -> str:
        return str(self._ask(lambda handle: handle.awaitEnding()))

    def progress(self) -> str:
        return str(self._ask(lambda handle: handle.progress()))

    def client_attached(self) -> None:
        self._ask(lambda handle: handle.clientAttached(os.getpid()))

    def client_detached(self) -> None:
        self._ask(lambda handle: handle.clientDetached(os.getpid()))

    def address(self) -> str:
        return str(self._ask(lambda handle: handle.address()))

    def address_info(self) -> dict[str, Any]:
        return dict(self._ask(lambda handle: plain(self._jvm, handle.addressInfo())))

    def environment(self) -> dict[str, str]:
        return dict(self._ask(lambda handle: plain(self._jvm, handle.environment())))

    def nodes(self) -> list[dict[str, Any]]:
        return list(self._ask(lambda handle: plain(self._jvm, handle.nodes())))

    def stop(self) -> None:
        self._ask(lambda handle: handle.stop())

    def export(self, frame: Any, options: Mapping[str, str]) -> JvmExport:
        """Begin to encode a DataFrame."""
        handle = self._ask(lambda handle: handle.exportFrame(frame._jdf, dict(options)))
        return JvmExport(handle, self._jvm)

    def block_bytes(self, slots: int) -> int:
        """Give how large a block in staging should be at most, with so many task slots."""
        return int(self._ask(lambda handle: handle.blockBytes(slots)))

    def import_frame(self, schema: bytes, blocks: Sequence[Mapping[str, str]]) -> JvmImport:
        """Let Spark read blocks of this Arrow schema, an IPC message."""
        each = [dict(block) for block in blocks]
        return JvmImport(self._ask(lambda handle: handle.importFrame(schema, each)), self._jvm)


def live_context(spark: SparkSession) -> SparkContext:
    """Give the SparkContext of a classic, running session; an error for all others."""
    kinds = {kind.__module__ for kind in type(spark).__mro__}
    if any(module.startswith("pyspark.sql.connect") for module in kinds):
        raise errors.RayOnSparkException(
            "This is a Spark Connect session, and RayOnSpark cannot start from one yet. Use a "
            "classic SparkSession in the driver's process, such as "
            'SparkSession.builder.master("local[4]").getOrCreate().'
        )
    if not hasattr(spark, "_jsparkSession"):
        raise TypeError(
            f"RayCluster.start() wants a SparkSession and got a {type(spark).__name__}. "
            "Give the session; from a SparkContext, SparkSession(sc)."
        )
    sc = spark.sparkContext
    with translated():
        stopped = sc._jsc is None or sc._jsc.sc().isStopped()
    if stopped:
        raise errors.ClusterStoppedException(
            "The SparkContext of this session is stopped. Create a new SparkSession, and start "
            "Ray on that."
        )
    return sc


def _check_mirror(jvm: Any) -> None:
    theirs = tuple(plain(jvm, jvm.org.rayonspark.python.PythonApi.specFields()))
    ours = RayClusterSpec.names()
    if theirs != ours:
        differing = sorted(set(theirs) ^ set(ours)) or ["their order"]
        raise errors.VersionMismatchException(
            f"The Python half of RayOnSpark is {__version__}, and the jar in Spark's JVM is "
            f"another one: they differ in {', '.join(differing)}. Install the same version of "
            "both."
        )
