"""Ray inside Spark: a Ray cluster on the executors of a running Spark application."""

from rayonspark._versions import check_python

# The other modules use syntax that an older Python cannot parse.
check_python()

from rayonspark._spark import configure_spark
from rayonspark._version import __version__
from rayonspark.cluster import RayCluster
from rayonspark.current import to_ray, to_spark
from rayonspark.data.exchange import Exchange
from rayonspark.errors import (
    ClusterStoppedException,
    ExchangeException,
    InvalidSpecException,
    NodeFailedException,
    PlacementException,
    RayOnSparkException,
    StartTimeoutException,
    UnreachableException,
    VersionMismatchException,
)
from rayonspark.node import RayNode
from rayonspark.orca import OrcaContext, OrcaRayContext, init_orca_context, stop_orca_context
from rayonspark.spec import RayClusterSpec

__all__ = [
    "ClusterStoppedException",
    "Exchange",
    "ExchangeException",
    "InvalidSpecException",
    "NodeFailedException",
    "OrcaContext",
    "OrcaRayContext",
    "PlacementException",
    "RayCluster",
    "RayClusterSpec",
    "RayNode",
    "RayOnSparkException",
    "StartTimeoutException",
    "UnreachableException",
    "VersionMismatchException",
    "__version__",
    "configure_spark",
    "init_orca_context",
    "stop_orca_context",
    "to_ray",
    "to_spark",
]
