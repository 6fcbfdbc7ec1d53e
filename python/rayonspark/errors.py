"""The errors of RayOnSpark: the JVM's under the same names, each also a fitting builtin."""

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
    """Everything that RayOnSpark raises by itself; ``org.rayonspark.RayOnSparkException``."""


class InvalidSpecException(RayOnSparkException, ValueError):
    """What was asked for can never be: a value out of range, two that contradict each other."""


class PlacementException(RayOnSparkException, RuntimeError):
    """Spark has no executors or slots for the Ray nodes that were asked for."""


class StartTimeoutException(RayOnSparkException, TimeoutError):
    """The cluster was not complete within ``start_timeout``."""


class UnreachableException(RayOnSparkException, ConnectionError):
    """An executor and the driver cannot open the connections that Ray needs."""


class VersionMismatchException(RayOnSparkException, RuntimeError):
    """Python, Ray or RayOnSpark differ between the places where they must be the same."""


class NodeFailedException(RayOnSparkException, RuntimeError):
    """A Ray node exited and could not be brought back."""


class ClusterStoppedException(RayOnSparkException, RuntimeError):
    """The Ray cluster, the SparkContext or the JVM that it needs is stopped."""


class ExchangeException(RayOnSparkException, RuntimeError):
    """Data did not get from Spark to Ray, or back."""


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
    """Give the error of this simple class name, such as "PlacementException"; None if unknown."""
    return _ERRORS.get(name)
