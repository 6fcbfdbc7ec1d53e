"""A Ray Dataset becomes a Spark DataFrame.

Spark's reader ──Fetch──► JVM ──demand──► feed ──┐
                                                 ├─► one queue ──► Handing: starts Ray's tasks,
               Ray ──tasks that have ended───────┘                 tells the JVM of their files
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from rayonspark._background import in_background
from rayonspark.data._ray_data import LoadedBlock
from rayonspark.data.node_tasks import Ended, NodeTasks
from rayonspark.errors import ClusterStoppedException, RayOnSparkException

if TYPE_CHECKING:
    import pyarrow as pa

    from rayonspark._jvm import JvmImport
    from rayonspark.data._parts import Part

_LOG = logging.getLogger("rayonspark")

DEMAND_MS = 1000
"""The JVM answers at once when a block is wanted; this only bounds one call."""


@dataclass(frozen=True)
class Demand:
    """A part that Spark wants at a path beside a Ray node, under the JVM's names."""

    block: int
    executorId: str
    rayNodeId: str
    path: str


@dataclass(frozen=True)
class Released:
    """Nobody reads the frame any more."""


@dataclass(frozen=True)
class Left:
    """This process leaves the Ray cluster, and its objects with it.

    Attributes
    ----------
    heard : Future
        Done when nothing of Ray's is used any more.
    """

    heard: Future[None]


class Handing:
    """Hands the blocks of one Dataset over, whenever Spark wants them, until nobody does.

    Parameters
    ----------
    frame : JvmImport
        The JVM's half, which knows what is wanted.
    parts : sequence of LoadedBlock and Part
        The Dataset's; its blocks stay in Ray's store for as long as the frame is in use.
    schema : pyarrow.Schema
        In Spark's layouts.
    """

    def __init__(
        self, frame: JvmImport, parts: Sequence[tuple[LoadedBlock, Part]], schema: pa.Schema
    ) -> None:
        from rayonspark.data import _tasks

        self._frame = frame
        self._parts = [(block.ref, part) for block, part in parts]
        self._schema = schema
        self._events: SimpleQueue[Demand | Ended | Released | Left] = SimpleQueue()
        self._tasks = NodeTasks(_tasks.hand_over, self._events.put, soft=False)

    def start(self) -> None:
        """Begin to serve; ends by itself."""
        in_background("rayonspark-demands", self._feed)
        in_background("rayonspark-hand-over", self._serve)

    def leave(self) -> Future[None]:
        """Give the Dataset's blocks free: what Spark wants from now on is an error."""
        self._events.put(left := Left(Future()))
        return left.heard

    def _feed(self) -> None:
        try:
            while not self._frame.released():
                demand = self._frame.next_demand(DEMAND_MS)
                if demand is not None:
                    self._events.put(Demand(**demand))
        except RayOnSparkException as error:
            _LOG.debug("Nobody reads the frame any more: %s", error)
        except Exception:
            _LOG.exception("Spark's demands for a Ray Dataset cannot be heard any more.")
        finally:
            self._events.put(Released())

    def _serve(self) -> None:
        try:
            while not isinstance(event := self._events.get(), Released):
                self._handle(event)
        except ClusterStoppedException as error:
            _LOG.debug("Nobody reads the frame any more: %s", error)
        except Exception:
            _LOG.exception("Handing a Ray Dataset over to Spark failed.")
            self._frame.close()
        finally:
            self._tasks.cancel()
            # The last references: from here on Ray may free the blocks.
            self._parts.clear()

    def _handle(self, event: Demand | Ended | Left) -> None:
        import ray

        if isinstance(event, Left):
            self._tasks.cancel()
            self._parts.clear()
            event.heard.set_result(None)
        elif isinstance(event, Ended):
            self._tasks.settle(event)
            self._tell(str(event.key), event)
        elif self._parts and ray.is_initialized():
            ref, part = self._parts[event.block]
            arguments = (ref, event.path, self._schema, part.start, part.pieces)
            self._tasks.submit(event.path, event.rayNodeId, *arguments)
        else:
            self._frame.failed(
                event.path,
                "The Python process that gave the Dataset to Spark has left the Ray cluster, and "
                "the Dataset is gone with it. Cache the DataFrame before, or give the Dataset to "
                "Spark again.",
            )

    def _tell(self, path: str, ended: Ended) -> None:
        if ended.error is None:
            self._frame.staged(path, ended.value)
        else:
            cause = getattr(ended.error, "cause", None) or ended.error
            self._frame.failed(path, f"Ray could not hand a block over: {cause}")
