"""Puts RayOnSpark's jar on the class path of the driver's JVM, and sends it to the executors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayonspark import errors
from rayonspark._jars import our_jar
from rayonspark._jvm import versions

if TYPE_CHECKING:
    from pyspark import SparkContext

_API = "org.rayonspark.python.PythonApi"


def attach(jvm: Any) -> None:
    """Add the jar to the class path of a JVM that runs without it; otherwise do nothing.

    Raises
    ------
    VersionMismatchException
        The JVM's Spark or Java is not supported, or its class path has the jar for another Spark.
    """
    build = versions.build(jvm)
    if _loaded(jvm):
        return
    jar = our_jar(build)
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    _add_url(loader, jvm.java.io.File(str(jar)).toURI().toURL(), jar)
    if not _loaded(jvm):
        raise errors.RayOnSparkException(
            f"Spark's JVM has no class {_API!r} although {str(jar)!r} is on its class path. "
            "Check that the file is the jar of RayOnSpark, or set spark.jars to it."
        )


def give_to_executors(sc: SparkContext) -> None:
    """Have Spark send the driver's jar to the executors, unless it already does."""
    jvm: Any = sc._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    domain = jvm.java.lang.Class.forName(_API, False, loader).getProtectionDomain()
    source = str(jvm.java.io.File(domain.getCodeSource().getLocation().toURI()).getPath())
    sent = str(sc._jsc.sc().listJars().mkString("\n")).splitlines()
    name = Path(source).name
    if source.endswith(".jar") and not any(jar.rsplit("/", 1)[-1] == name for jar in sent):
        sc._jsc.addJar(source)


def _add_url(loader: Any, url: Any, jar: Path) -> None:
    from py4j.protocol import Py4JError

    try:
        loader.addURL(url)
    except Py4JError as error:
        raise errors.RayOnSparkException(
            f"The class loader of this Spark session cannot add a jar: {loader.toString()}. "
            f"Start Spark with spark.jars={jar}, or use rayonspark.configure_spark(builder)."
        ) from error


def _loaded(jvm: Any) -> bool:
    from py4j.java_gateway import JavaPackage

    return not isinstance(jvm.org.rayonspark.python.PythonApi, JavaPackage)
