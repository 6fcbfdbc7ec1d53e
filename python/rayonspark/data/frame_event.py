"""Events for the thread that serves frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rayonspark.data.node_tasks import Ended
from rayonspark.data.served_frame import BlockRequest


@dataclass(frozen=True)
class BlockRequested:
    """Spark requests a chunk of this frame."""

    frame: str
    request: BlockRequest


@dataclass(frozen=True)
class Released:
    """Spark no longer reads this frame."""

    frame: str


@dataclass(frozen=True)
class Dropped:
    """This process has dropped the DataFrame of this frame; other plans may still read it."""

    frame: str


@dataclass(frozen=True)
class Written:
    """A task that writes a chunk of this frame has ended."""

    frame: str
    ended: Ended


@dataclass(frozen=True)
class Leaving:
    """This process leaves the Ray cluster, which ends its objects."""


@dataclass(frozen=True)
class FeedEnded:
    """No more events arrive from the JVM."""

    error: BaseException | None


Event = BlockRequested | Dropped | Released | Written | Leaving | FeedEnded


def event_of(entry: dict[str, Any]) -> Event:
    """Parse an event from the JVM; one without a request says that its frame is released."""
    frame, request = entry["frame"], entry.get("request")
    return Released(frame) if request is None else BlockRequested(frame, BlockRequest(**request))
