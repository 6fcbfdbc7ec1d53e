"""A Ray Dataset becomes a Spark DataFrame.

Spark's reader ──Fetch──► JVM ──demand──► Handing's thread ──► a Ray task writes the file
               ◄──path──      ◄──staged──
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rayonspark.data._ray_data import LoadedBlock
from rayonspark.errors import RayOnSparkException

if TYPE_CHECKING:
    import pyarrow as pa

    from rayonspark._jvm import JvmImport

_LOG = logging.getLogger("rayonspark")

DEMAND_MS = 1000


class Handing:
    """Hands the blocks of one Dataset over, whenever Spark wants them, until nobody does.

    Parameters
    ----------
    frame : JvmImport
        The JVM's half, which knows what is wanted.
    blocks : sequence of LoadedBlock
        The Dataset's; they stay in Ray's store for as long as the frame is in use.
    schema : pyarrow.Schema
        In Spark's layouts.
    """

    def __init__(self, frame: JvmImport, blocks: Sequence[LoadedBlock], schema: pa.Schema) -> None:
        self._frame = frame
        self._blocks = list(blocks)
        self._schema = schema
        self._task = _task()
        self._thread = threading.Thread(
            target=self._serve, name="rayonspark-hand-over", daemon=True
        )

    def start(self) -> None:
        """Begin to serve; ends by itself."""
        self._thread.start()

    def _serve(self) -> None:
        try:
            while not self._frame.released():
                demand = self._frame.next_demand(DEMAND_MS)
                if demand is not None:
                    self._hand_over(demand)
        except RayOnSparkException as error:
            _LOG.debug("Nobody reads the frame any more: %s", error)
        except Exception:
            _LOG.exception("Handing a Ray Dataset over to Spark failed.")
            self._frame.close()
        finally:
            # The last references: from here on Ray may free the blocks.
            self._blocks.clear()

    def _hand_over(self, demand: dict[str, Any]) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        beside = NodeAffinitySchedulingStrategy(demand["rayNodeId"], soft=False)
        path = demand["path"]
        written = self._task.options(scheduling_strategy=beside).remote(
            self._blocks[demand["block"]].ref, path, self._schema
        )
        written.future().add_done_callback(lambda done: self._told(path, done))

    def _told(self, path: str, done: Any) -> None:
        error = done.exception()
        try:
            if error is None:
                self._frame.staged(path, done.result())
            else:
                self._frame.failed(path, f"Ray could not hand a block over: {error}")
        except RayOnSparkException as gone:
            _LOG.debug("Nobody waits for %s any more: %s", path, gone)


def _task() -> Any:
    import ray

    from rayonspark.data import _tasks

    return ray.remote(num_cpus=0)(_tasks.hand_over)


def arrow_schemas(blocks: Sequence[LoadedBlock]) -> list[pa.Schema]:
    """Ask the blocks for their Arrow schemas: Ray Data knows one for all of them, at most."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from rayonspark.data import _tasks

    task = ray.remote(num_cpus=0)(_tasks.schema_of)
    asked = []
    for block in blocks:
        beside = NodeAffinitySchedulingStrategy(block.node, soft=True) if block.node else "DEFAULT"
        asked.append(task.options(scheduling_strategy=beside).remote(block.ref))
    return list(ray.get(asked))
