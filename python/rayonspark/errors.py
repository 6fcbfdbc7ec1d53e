"""RayOnSpark's exceptions.

The JVM has them under the same names. Each also derives from a builtin one, except the base class.
"""

from __future__ import annotations

__all__ = [
    "ClusterStoppedException",
    "ExchangeException",
    "InvalidSpecException",
    "NodeFailedException",
    "PlacementException",
    "RayOnSparkException",
    "StartTimeoutException",
    "UnreachableException",
    "VersionMismatchException",
    "by_name",
]


class RayOnSparkException(Exception):
    """Base class of RayOnSpark's exceptions; the JVM has ``org.rayonspark.RayOnSparkException``."""


class InvalidSpecException(RayOnSparkException, ValueError):
    """A request can never succeed: a value is invalid, or contradicts another value or the data."""


class PlacementException(RayOnSparkException, RuntimeError):
    """Spark does not have enough executors or task slots for the requested Ray nodes."""


class StartTimeoutException(RayOnSparkException, TimeoutError):
    """The cluster was not complete within ``start_timeout``."""


class UnreachableException(RayOnSparkException, ConnectionError):
    """An executor and the driver cannot open the connections that Ray needs."""


class VersionMismatchException(RayOnSparkException, RuntimeError):
    """A version of Python, Ray, Spark or RayOnSpark is unsupported, or does not fit the others."""


class NodeFailedException(RayOnSparkException, RuntimeError):
    """A Ray node exited and could not be restarted."""


class ClusterStoppedException(RayOnSparkException, RuntimeError):
    """The Ray cluster, its SparkContext or its JVM is stopped, or this process is not connected."""


class ExchangeException(RayOnSparkException, RuntimeError):
    """A transfer of data between Spark and Ray failed."""


_ERRORS: dict[str, type[RayOnSparkException]] = {
    error.__name__: error
    for error in (
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
}


def by_name(name: str) -> type[RayOnSparkException] | None:
    """Return the exception class with this name, such as "PlacementException"; None if unknown."""
    return _ERRORS.get(name)
