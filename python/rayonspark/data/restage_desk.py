"""Between a Ray task that retries and the driver that has Spark compute a lost block again.

retry ──restage(block)──► desk ◄──next()── driver's thread ──► Spark
      ◄──(node, path)────      ◄──answer()
      ──release(block)──►
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

from rayonspark.errors import RayOnSparkException

if TYPE_CHECKING:
    from rayonspark._jvm import JvmExport

_LOG = logging.getLogger("rayonspark")


class RestageDesk:
    """The actor's class; it waits for whoever asks and for whoever answers."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[tuple[str, str] | Exception]] = {}

    async def restage(self, block: int) -> tuple[str, str]:
        """Give the Ray node and the path of a block that Spark has computed again."""
        if block not in self._answers:
            self._answers[block] = asyncio.get_running_loop().create_future()
            await self._asked.put(("restage", block))
        answer = await asyncio.shield(self._answers[block])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def release(self, block: int) -> None:
        """The block is in the store again."""
        if self._answers.pop(block, None) is not None:
            await self._asked.put(("release", block))

    async def next(self) -> tuple[str, int]:
        """Give what the driver shall do next."""
        return await self._asked.get()

    async def answer(self, block: int, answer: tuple[str, str] | Exception) -> None:
        """The driver's answer."""
        waiting = self._answers.get(block)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    @staticmethod
    def open(export: JvmExport) -> Any:
        """Start the actor beside the driver, and the thread that answers."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = ray.get_runtime_context().get_node_id()
        beside = NodeAffinitySchedulingStrategy(here, soft=False)
        actor: Any = ray.remote(num_cpus=0)(RestageDesk)
        desk = actor.options(scheduling_strategy=beside, max_concurrency=1000).remote()
        threading.Thread(
            target=_serve, args=(desk, export), name="rayonspark-restage", daemon=True
        ).start()
        return desk


def _serve(desk: Any, export: JvmExport) -> None:
    import ray

    try:
        while True:
            wish, block = ray.get(desk.next.remote())
            if wish == "release":
                export.release([block])
                continue
            try:
                staged = export.restage(block)
                answer: Any = (staged["rayNodeId"], staged["path"])
            except RayOnSparkException as error:
                answer = error
            desk.answer.remote(block, answer)
    except Exception as error:
        # The cluster has ended, or this process has left it: nobody asks any more.
        _LOG.debug("No lost blocks are computed again any more: %s", error)
