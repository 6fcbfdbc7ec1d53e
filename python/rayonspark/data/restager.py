"""Has Spark compute blocks again for Ray's retries, after the node that held them was lost."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rayonspark._background import in_background
from rayonspark.data.restage_server import Answer, RestageRequest, as_answer
from rayonspark.errors import ExchangeException

if TYPE_CHECKING:
    from rayonspark._jvm import JvmExport

_LOG = logging.getLogger("rayonspark")

WAIT_MS = 100
"""How long one call waits for a block. New requests wait for the end of the call."""
LEASE_S = 60.0
"""A task that has not read its file within this time is dead: it would map it in milliseconds."""


@dataclass(frozen=True)
class _Lease:
    """A file that stays until its task has read it, or must be dead."""

    request: str
    until: float


class Restager:
    """Has Spark compute lost blocks of one export again, and answers the tasks that request them.

    One thread does all of this. It runs while a task waits for a block or reads one.

    Parameters
    ----------
    export : JvmExport
        Must stay open as long as tasks may make requests.
    answer : callable
        Answers a request; must not block.
    lease_s : float, optional
        How long a file stays, in seconds, if its task does not report that it has read it.
        Default: 60.
    """

    def __init__(
        self,
        export: JvmExport,
        answer: Callable[[RestageRequest, Answer], None],
        lease_s: float = LEASE_S,
    ) -> None:
        self._export = export
        self._answer = answer
        self._lease_s = lease_s
        # Guarded by the condition.
        self._changed = threading.Condition()
        self._requests: deque[RestageRequest] = deque()
        self._working = False
        # Only for the working thread.
        self._asked: dict[int, RestageRequest] = {}
        self._leases: dict[int, _Lease] = {}

    def submit(self, request: RestageRequest) -> None:
        """Accept a request; returns at once, from any thread."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify()
            if not self._working:
                self._working = True
                in_background("rayonspark-restage", self._work)

    def _work(self) -> None:
        try:
            while (requests := self._next_requests()) is not None:
                for request in requests:
                    self._handle(request)
                self._answer_staged()
                self._end_leases()
        except Exception as error:
            _LOG.exception("Blocks that Ray lost could not be computed again.")
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Answer all requests with this error; the next request starts another thread."""
        with self._changed:
            waiting = [*self._asked.values(), *self._requests]
            self._asked.clear()
            self._requests.clear()
            self._working = False
        for request in waiting:
            if request.kind == "restage":
                self._respond(request, as_answer(request.block, error))

    def _next_requests(self) -> list[RestageRequest] | None:
        """Wait for requests or a lease's end; return the requests, or None to end the thread."""
        with self._changed:
            if not self._requests and not self._asked and self._leases:
                first = min(lease.until for lease in self._leases.values())
                self._changed.wait(max(0.0, first - time.monotonic()))
            requests = list(self._requests)
            self._requests.clear()
            if not requests and not self._asked and not self._leases:
                self._working = False
                return None
            return requests

    def _handle(self, request: RestageRequest) -> None:
        if request.kind == "release":
            lease = self._leases.get(request.block)
            # A late release by an earlier attempt must not delete the file that a later one reads.
            if lease is not None and lease.request == request.request:
                self._release(request.block)
            return
        before = self._asked.pop(request.block, None)
        if before is not None:
            self._respond(
                before,
                ExchangeException(
                    f"Block {request.block} was requested again by a later attempt of its task. "
                    "Look for the result of that attempt."
                ),
            )
        self._leases.pop(request.block, None)
        try:
            self._export.recompute_for_retry(request.block, request.path)
        except Exception as error:
            # The task raises it, so it reaches the reader of the block.
            self._respond(request, as_answer(request.block, error))
        else:
            self._asked[request.block] = request

    def _answer_staged(self) -> None:
        if not self._asked:
            return
        try:
            blocks = self._export.next_for_retry(WAIT_MS)
        except Exception as error:
            asked, self._asked = self._asked, {}
            for request in asked.values():
                self._respond(request, as_answer(request.block, error))
            return
        for block in blocks:
            number = int(block["id"])
            waiting = self._asked.pop(number, None)
            until = time.monotonic() + self._lease_s
            # No task reads a block whose request failed meanwhile: its file is deleted at once.
            self._leases[number] = _Lease(waiting.request, until) if waiting else _Lease("", 0.0)
            if waiting is not None:
                self._respond(waiting, (str(block["rayNodeId"]), str(block["path"])))

    def _respond(self, request: RestageRequest, answer: Answer) -> None:
        try:
            self._answer(request, answer)
        except Exception:
            # A task that cannot be answered must not keep the others from their answers.
            _LOG.exception("The task that requested block %d could not be answered.", request.block)

    def _end_leases(self) -> None:
        now = time.monotonic()
        for block in [block for block, lease in self._leases.items() if lease.until <= now]:
            _LOG.info(
                "The Ray task that requested block %d did not read it within %g s. Its file is "
                "deleted.",
                block,
                self._lease_s,
            )
            self._release(block)

    def _release(self, block: int) -> None:
        del self._leases[block]
        try:
            self._export.release_for_retry([block])
        except Exception as error:
            # The JVM is gone, and the file with it.
            _LOG.debug("Block %d cannot be released: %s", block, error)
