"""Between Ray tasks that run again after a node was lost, and the driver, who asks Spark.

retry ──restage(export, block)──► desk ◄──next()── driver's thread ──► the export's own answerer
      ◄──────(node, path)───────       ◄──answer()
      ──release(export, block)──►
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LOG = logging.getLogger("rayonspark")

Place = tuple[str, str]
"""A Ray node's id, and a path there."""
Answer = Place | Exception


@dataclass(frozen=True)
class Wish:
    """What a task asks the driver for.

    Attributes
    ----------
    kind : {"restage", "release"}
        Whether the block is wanted in staging, or is loaded from there.
    export : str
        The export's name at the desk.
    block : int
        The block's number in the export.
    """

    kind: str
    export: str
    block: int


class DeskActor:
    """The actor's class; it waits for whoever asks and for whoever answers."""

    def __init__(self) -> None:
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._answers: dict[tuple[str, int], asyncio.Future[Answer]] = {}

    async def restage(self, export: str, block: int) -> Place:
        """Give the Ray node and the path of a block that Spark has computed again."""
        key = (export, block)
        if key not in self._answers:
            self._answers[key] = asyncio.get_running_loop().create_future()
            await self._wishes.put(Wish("restage", export, block))
        answer = await asyncio.shield(self._answers[key])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def release(self, export: str, block: int) -> None:
        """The block is in the store again."""
        if self._answers.pop((export, block), None) is not None:
            await self._wishes.put(Wish("release", export, block))

    async def next(self) -> Wish:
        """Give what the driver shall do next."""
        return await self._wishes.get()

    async def answer(self, export: str, block: int, answer: Answer) -> None:
        """The driver's answer."""
        waiting = self._answers.get((export, block))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


class Desk:
    """The driver's side: one actor and one thread for all exports of a cluster.

    The actor lives beside the driver, and takes no CPU.
    """

    def __init__(self) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = ray.get_runtime_context().get_node_id()
        beside = NodeAffinitySchedulingStrategy(here, soft=False)
        actor: Any = ray.remote(num_cpus=0)(DeskActor)
        self.actor: Any = actor.options(scheduling_strategy=beside, max_concurrency=1000).remote()
        self._answerers: dict[str, Callable[[Wish], None]] = {}
        self._thread = threading.Thread(target=self._serve, name="rayonspark-desk", daemon=True)
        self._thread.start()

    def open(self, export: str, answerer: Callable[[Wish], None]) -> None:
        """Have `answerer` called with each wish for this export; it must not block."""
        self._answerers[export] = answerer

    def answer(self, wish: Wish, answer: Answer) -> None:
        """Tell the task that asked."""
        self.actor.answer.remote(wish.export, wish.block, answer)

    def close(self) -> None:
        """End the actor, and with it the thread."""
        import ray

        if ray.is_initialized():
            ray.kill(self.actor)

    def _serve(self) -> None:
        import ray

        try:
            while ray.is_initialized():
                wish = ray.get(self.actor.next.remote())
                self._answerers[wish.export](wish)
        except Exception as error:
            # The actor was ended, or this process has left the cluster: nobody asks any more.
            _LOG.debug("No lost blocks are computed again any more: %s", error)
