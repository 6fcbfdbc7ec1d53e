"""The border to the driver's JVM: the only importer of py4j.

Python  --one map of strings-->  PythonApi.start  -->  ClusterHandle
Python  <--Java maps as JSON, errors of the same name--  ClusterHandle
"""

from rayonspark._jvm._calls import translated
from rayonspark._jvm.cluster import JvmCluster, live_context, start
from rayonspark._jvm.exchange import JvmExport, JvmImport
from rayonspark._jvm.jar import attach, give_to_executors
from rayonspark._jvm.spark import (
    JvmDriverPod,
    JvmExecutors,
    check_kubernetes,
    forget,
    start_standalone,
    system_properties,
)

__all__ = [
    "JvmCluster",
    "JvmDriverPod",
    "JvmExecutors",
    "JvmExport",
    "JvmImport",
    "attach",
    "check_kubernetes",
    "forget",
    "give_to_executors",
    "live_context",
    "start",
    "start_standalone",
    "system_properties",
    "translated",
]
