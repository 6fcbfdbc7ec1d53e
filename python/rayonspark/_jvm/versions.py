"""The versions in Spark's JVM: of Spark, Scala, Java and RayOnSpark's jar."""

from __future__ import annotations

from typing import Any

from rayonspark._versions import Build, SparkVersion, build_for, check_jar, check_java

# In every jar of RayOnSpark, whatever Spark it is for.
_BUILD_PROPERTIES = "org/rayonspark/build.properties"


def spark(jvm: Any) -> SparkVersion:
    """Return the Spark of this JVM; needs no SparkContext."""
    version = jvm.org.apache.spark.package.SPARK_VERSION()
    scala = jvm.scala.util.Properties.versionNumberString()
    return SparkVersion(str(version), ".".join(str(scala).split(".")[:2]))


def build(jvm: Any) -> Build:
    """Return the build that this JVM needs.

    Raises
    ------
    VersionMismatchException
        There is none for this Spark, Java is too old, or the class path has another build's jar.
    """
    found = spark(jvm)
    fitting = build_for(found)
    check_java(str(jvm.System.getProperty("java.specification.version")), fitting)
    there = _jar_on_class_path(jvm)
    if there is not None:
        check_jar(there, fitting, found)
    return fitting


def _jar_on_class_path(jvm: Any) -> tuple[str, str] | None:
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    stream = loader.getResourceAsStream(_BUILD_PROPERTIES)
    if stream is None:
        return None
    properties = jvm.java.util.Properties()
    try:
        properties.load(stream)
    finally:
        stream.close()
    return str(properties.getProperty("spark")), str(properties.getProperty("scala"))
