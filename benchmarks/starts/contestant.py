"""What every contestant can do, and which contestants there are."""

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
"""Name -> ``module:class``. Imported only in the process that measures it."""


class Contestant(Protocol):
    """A way to start Ray beside a Spark application and to connect the calling process to it."""

    auth_mode: str
    """``RAY_AUTH_MODE`` of the measured process, set before anything is imported."""

    slots_error: str
    """Name of the error that says, in the scenario ``"slots"``, that nodes are too many."""

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Start, and return when the driver is connected; marks are seconds since the call."""
        ...

    def stop(self) -> None:
        """Disconnect and stop what `start` started, as a user of it would."""
        ...


def load(name: str) -> Contestant:
    """A new contestant of that name; its own imports of Ray happen in its `start`."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    return cast(Contestant, getattr(import_module(module), attribute)())
