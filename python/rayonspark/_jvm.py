"""The border to the driver's JVM: the only importer of py4j.

Python  --one map of strings-->  PythonApi.start  -->  ClusterHandle
Python  <--Java maps as JSON, errors of the same name--  ClusterHandle
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayonspark import errors
from rayonspark._jars import our_jar
from rayonspark._version import __version__
from rayonspark.spec import RayClusterSpec

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame, SparkSession

_PACKAGE = "org.rayonspark."
_API = "org.rayonspark.python.PythonApi"
_MISSING_METHOD = re.compile(r"(Method|Constructor) .* does not exist")


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
        return dict(self._ask(lambda handle: _plain(self._jvm, handle.addressInfo())))

    def environment(self) -> dict[str, str]:
        return dict(self._ask(lambda handle: _plain(self._jvm, handle.environment())))

    def nodes(self) -> list[dict[str, Any]]:
        return list(self._ask(lambda handle: _plain(self._jvm, handle.nodes())))

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


class JvmImport:
    """One ``ImportHandle``: a Dataset that Spark reads."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    @property
    def id(self) -> str:
        return str(self._handle.id())

    def data_frame(self, spark: SparkSession) -> DataFrame:
        from pyspark.sql import DataFrame

        with translated():
            return DataFrame(self._handle.dataFrame(spark._jsparkSession), spark)

    def next_demand(self, timeout_ms: int) -> dict[str, Any] | None:
        with translated():
            demand = self._handle.nextDemand(timeout_ms)
            return None if demand is None else dict(_plain(self._jvm, demand))

    def staged(self, path: str, size: int) -> None:
        with translated():
            self._handle.staged(path, size)

    def failed(self, path: str, why: str) -> None:
        with translated():
            self._handle.failed(path, why)

    def released(self) -> bool:
        with translated():
            return bool(self._handle.released())

    def report(self) -> dict[str, float]:
        with translated():
            return dict(_plain(self._jvm, self._handle.report()))

    def close(self) -> None:
        with translated():
            self._handle.close()


class JvmExport:
    """One ``ExportHandle``: a DataFrame on its way to Ray."""

    def __init__(self, handle: Any, jvm: Any) -> None:
        self._handle = handle
        self._jvm = jvm

    def schema(self) -> bytes:
        with translated():
            return bytes(self._handle.schema())

    def next(self, timeout_ms: int) -> list[dict[str, Any]]:
        with translated():
            return list(_plain(self._jvm, self._handle.next(timeout_ms)))

    def finished(self) -> bool:
        with translated():
            return bool(self._handle.finished())

    def release(self, ids: Sequence[int]) -> None:
        with translated():
            self._handle.release([str(block) for block in ids])

    def want(self, block: int) -> None:
        with translated():
            self._handle.want(block)

    def restage(self, block: int) -> dict[str, Any]:
        with translated():
            return dict(_plain(self._jvm, self._handle.restage(block)))

    def report(self) -> dict[str, float]:
        with translated():
            return dict(_plain(self._jvm, self._handle.report()))

    def close(self) -> None:
        with translated():
            self._handle.close()


class JvmExecutors:
    """One ``ExecutorWait``: the executors that a running application is about to get."""

    def __init__(self, sc: SparkContext) -> None:
        jvm: Any = sc._jvm
        with translated():
            self._wait = jvm.org.rayonspark.python.PythonApi.awaitedExecutors(sc._jsc)

    def arrived(self, timeout_ms: int) -> bool:
        with translated():
            return bool(self._wait.arrived(timeout_ms))

    def progress(self) -> str:
        with translated():
            return str(self._wait.progress())


class JvmDriverPod:
    """One ``DriverPod``: a driver that was submitted from here."""

    def __init__(self, jvm: Any, words: Sequence[str]) -> None:
        with translated():
            attach(jvm)
            self._pod = jvm.org.rayonspark.python.PythonApi.submitToKubernetes(list(words))

    def ended(self) -> bool:
        with translated():
            return bool(self._pod.ended())

    def name(self) -> str:
        return str(self._pod.name())

    def progress(self) -> str:
        with translated():
            return str(self._pod.progress())

    def exit_code(self) -> int:
        with translated():
            return int(self._pod.exitCode())

    def close(self) -> None:
        with translated():
            self._pod.close()


def check_kubernetes(jvm: Any, conf: Mapping[str, str]) -> dict[str, str]:
    """Have a Kubernetes cluster judge a configuration; give what only the cluster knows."""
    with translated():
        return dict(_plain(jvm, jvm.org.rayonspark.python.PythonApi.checkKubernetes(dict(conf))))


def start(spark: SparkSession, fields: Mapping[str, str], python: str) -> JvmCluster:
    """Have the JVM begin to start a cluster; bad input is an error here, at once."""
    sc = live_context(spark)
    jvm: Any = sc._jvm
    with translated():
        attach(jvm)
        give_to_executors(sc)
        _check_mirror(jvm)
        api = jvm.org.rayonspark.python.PythonApi
        return JvmCluster(api.start(spark._jsparkSession, dict(fields), python), jvm)


def start_standalone(
    jvm: Any, *, workers: int, cores: int, memory_mib: int, directory: str
) -> tuple[str, Callable[[], None]]:
    """Start a standalone Spark cluster in this JVM; give its URL and what stops it."""
    with translated():
        attach(jvm)
        api = jvm.org.rayonspark.python.PythonApi
        cluster = api.startStandalone(workers, cores, memory_mib, directory)
        url = str(cluster.url())

    def stop() -> None:
        with translated():
            cluster.stop()

    return url, stop


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


def attach(jvm: Any) -> None:
    """Put our jar onto the class path of a JVM that runs without it; else do nothing."""
    if _loaded(jvm):
        return
    jar = our_jar()
    if jar is None:
        raise errors.RayOnSparkException(
            f"Spark's JVM has no class {_API!r}, and this Python package carries no jar. "
            "Install the rayonspark wheel, or start Spark with "
            f"--packages org.rayonspark:rayonspark_2.13:{__version__}."
        )
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    _add_url(loader, jvm.java.io.File(str(jar)).toURI().toURL(), jar)
    if not _loaded(jvm):
        raise errors.RayOnSparkException(
            f"Spark's JVM has no class {_API!r} although it was given {str(jar)!r}. "
            "Check that the file is the jar of RayOnSpark, or set spark.jars to it."
        )


def _add_url(loader: Any, url: Any, jar: Path) -> None:
    from py4j.protocol import Py4JError

    try:
        loader.addURL(url)
    except Py4JError as error:
        raise errors.RayOnSparkException(
            f"The class loader of this Spark session cannot take a jar: {loader.toString()}. "
            f"Start Spark with spark.jars={jar}, or use rayonspark.configure_spark(builder)."
        ) from error


def give_to_executors(sc: SparkContext) -> None:
    """Have Spark send the jar that the driver uses to the executors, unless it does already."""
    jvm: Any = sc._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    domain = jvm.java.lang.Class.forName(_API, False, loader).getProtectionDomain()
    source = str(jvm.java.io.File(domain.getCodeSource().getLocation().toURI()).getPath())
    sent = str(sc._jsc.sc().listJars().mkString("\n")).splitlines()
    name = Path(source).name
    if source.endswith(".jar") and not any(jar.rsplit("/", 1)[-1] == name for jar in sent):
        sc._jsc.addJar(source)


def system_properties(jvm: Any) -> dict[str, str]:
    """Give the ``spark.*`` properties with which this JVM was launched."""
    from pyspark import SparkConf

    return dict(SparkConf(loadDefaults=True, _jvm=jvm).getAll())


def forget(jvm: Any, keys: Iterable[str]) -> None:
    """Take properties away with which this JVM was launched."""
    for key in keys:
        jvm.System.clearProperty(key)


def _loaded(jvm: Any) -> bool:
    from py4j.java_gateway import JavaPackage

    return not isinstance(jvm.org.rayonspark.python.PythonApi, JavaPackage)


def _check_mirror(jvm: Any) -> None:
    theirs = tuple(_plain(jvm, jvm.org.rayonspark.python.PythonApi.specFields()))
    ours = RayClusterSpec.names()
    if theirs != ours:
        differing = sorted(set(theirs) ^ set(ours)) or ["their order"]
        raise errors.VersionMismatchException(
            f"The Python half of RayOnSpark is {__version__}, and the jar in Spark's JVM is "
            f"another one: they differ in {', '.join(differing)}. Install the same version of "
            "both."
        )


def _plain(jvm: Any, value: Any) -> Any:
    """Copy a Java map or list in one round trip: walking it would take one for each entry."""
    from py4j.java_gateway import JavaObject

    if not isinstance(value, JavaObject):
        return value
    return json.loads(jvm.com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(value))


@contextmanager
def translated() -> Iterator[None]:
    """Raise the JVM's errors under their own names, with py4j's as the cause."""
    from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
    from pyspark.errors.exceptions.captured import CapturedException

    try:
        yield
    except Py4JJavaError as error:
        raise _translation(error.java_exception) or error from error
    except CapturedException as error:
        raise _translation(error._origin) or error from error
    except (Py4JNetworkError, ConnectionRefusedError) as error:
        raise _jvm_gone() from error
    except Py4JError as error:
        # py4j reports a connection that broke in the middle of a call as a bare Py4JError.
        if _MISSING_METHOD.search(str(error)):
            raise
        raise _jvm_gone() from error


def _translation(thrown: Any) -> errors.RayOnSparkException | None:
    while thrown is not None:
        full_name = str(thrown.getClass().getName())
        if full_name.startswith(_PACKAGE):
            kind = errors.by_name(full_name.rsplit(".", 1)[-1]) or errors.RayOnSparkException
            return kind(str(thrown.getMessage()))
        thrown = thrown.getCause()
    return None


def _jvm_gone() -> errors.ClusterStoppedException:
    return errors.ClusterStoppedException(
        "Spark's JVM in the driver is gone, and the Ray cluster with it. Start a new SparkSession, "
        "and start Ray on that."
    )
