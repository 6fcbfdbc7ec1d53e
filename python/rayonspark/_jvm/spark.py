"""The parts of starting Spark that run in the JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayonspark._jvm._calls import plain, translated
from rayonspark._jvm.jar import attach

if TYPE_CHECKING:
    from pyspark import SparkContext


def system_properties(jvm: Any) -> dict[str, str]:
    """Return the ``spark.*`` properties with which this JVM was launched."""
    from pyspark import SparkConf

    return dict(SparkConf(loadDefaults=True, _jvm=jvm).getAll())


def forget(jvm: Any, keys: Iterable[str]) -> None:
    """Clear properties with which this JVM was launched; spark-defaults.conf applies again."""
    defaults = _defaults(jvm)
    for key in keys:
        jvm.System.clearProperty(key)
        if key in defaults:
            jvm.System.setProperty(key, defaults[key])


def _defaults(jvm: Any) -> dict[str, str]:
    home = Path(jvm.System.getenv("SPARK_HOME") or "")
    directory = Path(jvm.System.getenv("SPARK_CONF_DIR") or home / "conf")
    try:
        text = (directory / "spark-defaults.conf").read_text(encoding="utf-8")
    except OSError:
        return {}
    properties = jvm.java.util.Properties()
    properties.load(jvm.java.io.StringReader(text))
    return {str(key): str(properties[key]).strip() for key in properties}


def start_standalone(
    jvm: Any, *, workers: int, cores: int, memory_mib: int, directory: str
) -> tuple[str, Callable[[], None]]:
    """Start a standalone Spark cluster in this JVM; return its URL and a function to stop it."""
    with translated():
        attach(jvm)
        api = jvm.org.rayonspark.python.PythonApi
        cluster = api.startStandalone(workers, cores, memory_mib, directory)
        url = str(cluster.url())

    def stop() -> None:
        with translated():
            cluster.stop()

    return url, stop


def check_kubernetes(jvm: Any, conf: Mapping[str, str]) -> dict[str, str]:
    """Check a configuration with the Kubernetes cluster; return what only the cluster knows."""
    with translated():
        return dict(plain(jvm, jvm.org.rayonspark.python.PythonApi.checkKubernetes(dict(conf))))


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
    """One ``DriverPod``: a driver that this process submits."""

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
