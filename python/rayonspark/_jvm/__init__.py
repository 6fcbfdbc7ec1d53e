"""The boundary to the driver's JVM: the only package that imports py4j.

Python  --one map of strings-->  PythonApi.start  -->  ClusterHandle
Python  <--Java maps as JSON, errors of the same name--  ClusterHandle
"""

from rayonspark._jvm._calls import translated
from rayonspark._jvm.cluster import JvmCluster, live_context, start
from rayonspark._jvm.exchange import JvmExport, JvmImport, JvmImports
from rayonspark._jvm.jar import attach, give_to_executors
from rayonspark._jvm.spark import (
    JvmDriverPod,
    JvmExecutors,
    check_kubernetes,
    forget,
    start_standalone,
    system_properties,
)
from rayonspark._jvm.versions import spark as spark_version

__all__ = [
    "JvmCluster",
    "JvmDriverPod",
    "JvmExecutors",
    "JvmExport",
    "JvmImport",
    "JvmImports",
    "attach",
    "check_kubernetes",
    "forget",
    "give_to_executors",
    "live_context",
    "spark_version",
    "start",
    "start_standalone",
    "system_properties",
    "translated",
]
