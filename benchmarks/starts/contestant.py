"""The interface of the contestants, and their list."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from starts.request import StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONTESTANTS = {
    "rayonspark": "starts.rayonspark_start:RayOnSparkStart",
    "peer": "starts.peer_start:PeerStart",
    "hand": "starts.hand_start:HandStart",
    "plain": "starts.plain_start:PlainStart",
}
"""Name -> ``module:class``; imported only in the process that measures it."""


class Contestant(Protocol):
    """A way to start Ray next to a Spark application, and to connect the calling process to it."""

    auth_mode: str
    """``RAY_AUTH_MODE`` of the measured process; set before any import of Ray."""

    slots_error: str
    """Name of the error that reports too many nodes in the scenario ``"slots"``."""

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Start; when the driver is connected, return marks as seconds since the call."""
        ...

    def stop(self) -> None:
        """Disconnect, and stop what `start` started, as a user would."""
        ...


def load(name: str) -> Contestant:
    """Create the contestant with this name; it imports Ray only in its `start`."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    return cast(Contestant, getattr(import_module(module), attribute)())
