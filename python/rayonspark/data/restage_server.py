"""Connects Ray tasks that run again after a node was lost with the driver, which asks Spark.

retry ──restage(export, block, path)──► actor ──next()──► server's thread ──► the export's handler
      ◄──────────(node, path)──────────       ◄─────────────answer()──────────────
      ──release(export, block)─────────►
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from rayonspark.data.membership import Membership
from rayonspark.errors import ClusterStoppedException, ExchangeException, RayOnSparkException

_LOG = logging.getLogger("rayonspark")

StagedFile = tuple[str, str]
"""The id of a Ray node, and the path of a file on it."""
Answer = StagedFile | RayOnSparkException


@dataclass(frozen=True)
class RestageRequest:
    """A task's request to the driver.

    Attributes
    ----------
    kind : {"restage", "release"}
        Whether the task needs the block in staging, or has loaded it from there.
    export : str
        The export's name at the server.
    block : int
        The block's number in the export.
    request : str
        Identifies the attempt, so that neither an answer nor a release is mistaken for that of
        another attempt, whose task may be dead.
    path : str
        For "restage", the path at which the task found no file.
    """

    kind: str
    export: str
    block: int
    request: str
    path: str = ""


class RestageActor:
    """The actor's class: passes requests of tasks to the driver, and its answers back."""

    def __init__(self) -> None:
        self._requests: asyncio.Queue[RestageRequest] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def restage(self, export: str, block: int, request: str, path: str) -> StagedFile:
        """Return the Ray node and the path of a block that Spark has computed again."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[request] = answered
        await self._requests.put(RestageRequest("restage", export, block, request, path))
        answer = await answered
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def release(self, export: str, block: int, request: str) -> None:
        """Tell the driver that the task has loaded the block."""
        await self._requests.put(RestageRequest("release", export, block, request))

    async def next(self) -> RestageRequest:
        """Return the next request for the driver."""
        return await self._requests.get()

    async def answer(self, request: str, answer: Answer) -> None:
        """Pass the driver's answer to the task that waits for it."""
        waiting = self._answers.pop(request, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


@dataclass(frozen=True)
class _Closed:
    """The server is closed."""


class RestageServer:
    """The driver's side: one actor and one thread for all exports of a cluster.

    The actor runs on the driver's node, and needs no CPU.

    Parameters
    ----------
    membership : Membership
        Membership of the cluster whose tasks make the requests.
    """

    def __init__(self, membership: Membership) -> None:
        self._membership = membership
        with membership:
            self.actor: Any = _actor_on_driver_node()
        self._handlers: dict[str, Callable[[RestageRequest], None]] = {}
        self._events: SimpleQueue[Future[RestageRequest] | _Closed] = SimpleQueue()
        threading.Thread(target=self._serve, name="rayonspark-restage-server", daemon=True).start()

    def open(self, export: str, handler: Callable[[RestageRequest], None]) -> None:
        """Pass each request for this export to `handler`, which must not block."""
        self._handlers[export] = handler

    def shut(self, export: str) -> None:
        """Answer all later requests for this export with an error."""
        self._handlers.pop(export, None)

    def answer(self, request: RestageRequest, answer: Answer) -> None:
        """Answer the task; does nothing if this process has left the cluster."""
        try:
            with self._membership:
                self.actor.answer.remote(request.request, answer)
        except ClusterStoppedException as error:
            # Its tasks end with it, including this one.
            _LOG.debug("No task waits for block %d any more: %s", request.block, error)

    def close(self) -> None:
        """End the thread; the actor ends when this process disconnects."""
        self._events.put(_Closed())

    def _serve(self) -> None:
        """Answer requests until `close`, or the actor's end, puts a last event into the queue."""
        try:
            while True:
                self._listen()
                event = self._events.get()
                if isinstance(event, _Closed):
                    return
                self._answer(event.result())
        except ClusterStoppedException as error:
            _LOG.debug("Lost blocks are no longer computed again: %s", error)
        except Exception:
            # Later requests fail by themselves, because their actor is dead.
            _LOG.warning(
                "Blocks that are lost with a Ray node can no longer be computed again. Call to_ray "
                "again for recoverable DataFrames.",
                exc_info=True,
            )

    def _listen(self) -> None:
        # Not ray.get, which would wait forever if this process leaves, and then start a cluster.
        with self._membership:
            self.actor.next.remote().future().add_done_callback(self._events.put)

    def _answer(self, request: RestageRequest) -> None:
        """Handle one request; if that fails, only this request is answered with the error."""
        handler = self._handlers.get(request.export)
        try:
            if handler is not None:
                handler(request)
            elif request.kind == "restage":
                raise ExchangeException(
                    f"Block {request.block} of {request.export} is lost, and that transfer is "
                    "over. Call to_ray again."
                )
        except Exception as error:
            self.answer(request, as_answer(request.block, error))


def as_answer(block: int, error: Exception) -> RayOnSparkException:
    """Return an error that Ray can send to the task: RayOnSpark's own, without JVM objects."""
    if isinstance(error, RayOnSparkException):
        return type(error)(*error.args)
    return ExchangeException(
        f"Spark could not compute block {block} of the DataFrame again: {error!r}. Fix the "
        "cause, then call to_ray again."
    )


def _actor_on_driver_node() -> Any:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    on_node = NodeAffinitySchedulingStrategy(here, soft=False)
    actor: Any = ray.remote(num_cpus=0)(RestageActor)
    return actor.options(scheduling_strategy=on_node, max_concurrency=1000).remote()
