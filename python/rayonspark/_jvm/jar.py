"""Our jar: on the class path of the driver's JVM, and with the executors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayonspark import errors
from rayonspark._jars import our_jar
from rayonspark._version import __version__

if TYPE_CHECKING:
    from pyspark import SparkContext

_API = "org.rayonspark.python.PythonApi"


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


def _add_url(loader: Any, url: Any, jar: Path) -> None:
    from py4j.protocol import Py4JError

    try:
        loader.addURL(url)
    except Py4JError as error:
        raise errors.RayOnSparkException(
            f"The class loader of this Spark session cannot take a jar: {loader.toString()}. "
            f"Start Spark with spark.jars={jar}, or use rayonspark.configure_spark(builder)."
        ) from error


def _loaded(jvm: Any) -> bool:
    from py4j.java_gateway import JavaPackage

    return not isinstance(jvm.org.rayonspark.python.PythonApi, JavaPackage)
