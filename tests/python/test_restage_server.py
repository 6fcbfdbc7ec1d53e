"""The actor is plain asyncio and the driver's side is a thread, so these tests need no Ray."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from exchange_fakes import LIMIT_S, FakeMembership
from rayonspark.data import restage_server as module
from rayonspark.data.restage_server import RestageActor, RestageRequest, RestageServer
from rayonspark.errors import ExchangeException


def test_the_actor_forwards_a_request_and_returns_its_answer() -> None:
    async def story() -> None:
        actor = RestageActor()
        asked = asyncio.create_task(actor.restage("e", 7, "r", "/gone"))
        assert await actor.next() == RestageRequest("restage", "e", 7, "r", "/gone")
        await actor.answer("r", ("n1", "/new"))
        assert await asked == ("n1", "/new")
        await actor.release("e", 7, "r")
        assert await actor.next() == RestageRequest("release", "e", 7, "r")

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_the_actor_keeps_no_answer_for_a_later_attempt() -> None:
    async def story() -> None:
        actor = RestageActor()
        first = asyncio.create_task(actor.restage("e", 7, "first", "/gone"))
        await actor.next()
        await actor.answer("first", ("dead", "/stale"))
        await first
        second = asyncio.create_task(actor.restage("e", 7, "second", "/stale"))
        assert await actor.next() == RestageRequest("restage", "e", 7, "second", "/stale")
        await actor.answer("first", ("dead", "/stale"))
        await actor.answer("second", ("n2", "/new"))
        assert await second == ("n2", "/new")

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


def test_the_actor_raises_an_answer_that_is_an_error() -> None:
    async def story() -> None:
        actor = RestageActor()
        asked = asyncio.create_task(actor.restage("e", 7, "r", "/gone"))
        await actor.next()
        await actor.answer("r", ExchangeException("mine"))
        with pytest.raises(ExchangeException, match="mine"):
            await asked

    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


class FakeActor:
    """The actor's handle: a test sets the results of its calls."""

    def __init__(self) -> None:
        self.asked_next: SimpleQueue[Future[RestageRequest]] = SimpleQueue()
        self.answers: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.next = SimpleNamespace(remote=self._next)
        self.answer = SimpleNamespace(remote=lambda *told: self.answers.put(told))

    def _next(self) -> Any:
        future: Future[RestageRequest] = Future()
        self.asked_next.put(future)
        return SimpleNamespace(future=lambda: future)

    def request(self, request: RestageRequest) -> None:
        self.asked_next.get(timeout=LIMIT_S).set_result(request)


@pytest.fixture
def actor(monkeypatch: pytest.MonkeyPatch) -> FakeActor:
    fake = FakeActor()
    monkeypatch.setattr(module, "_actor_on_driver_node", lambda: fake)
    return fake


def server_threads() -> list[threading.Thread]:
    return [
        thread for thread in threading.enumerate() if thread.name == "rayonspark-restage-server"
    ]


def restage(export: str, request: str) -> RestageRequest:
    return RestageRequest("restage", export, 7, request, "/gone")


def test_a_failed_request_does_not_affect_other_requests(actor: FakeActor) -> None:
    server = RestageServer(FakeMembership())

    def broken(request: RestageRequest) -> None:
        raise KeyError("mine")

    server.open("broken", broken)
    server.open("whole", lambda request: server.answer(request, ("n1", "/new")))
    actor.request(restage("broken", "first"))
    actor.request(restage("whole", "second"))

    request, answer = actor.answers.get(timeout=LIMIT_S)
    assert (request, type(answer)) == ("first", ExchangeException)
    assert actor.answers.get(timeout=LIMIT_S) == ("second", ("n1", "/new"))
    server.close()


@pytest.mark.parametrize("shut", [False, True])
def test_a_request_to_a_finished_transfer_is_answered_with_an_error(
    actor: FakeActor, shut: bool
) -> None:
    server = RestageServer(FakeMembership())
    if shut:
        server.open("e", lambda request: None)
        server.shut("e")
    actor.request(RestageRequest("release", "e", 7, "late"))
    actor.request(restage("e", "r"))

    request, answer = actor.answers.get(timeout=LIMIT_S)
    assert request == "r"
    assert str(answer) == "Block 7 of e is lost, and that transfer is over. Call to_ray again."
    server.close()


def test_the_thread_ends_when_the_server_closes_without_any_request(actor: FakeActor) -> None:
    before = server_threads()
    server = RestageServer(FakeMembership())
    (thread,) = [thread for thread in server_threads() if thread not in before]
    actor.asked_next.get(timeout=LIMIT_S)
    server.close()
    thread.join(LIMIT_S)

    assert not thread.is_alive()


def test_the_thread_ends_with_the_actor(actor: FakeActor, caplog: pytest.LogCaptureFixture) -> None:
    before = server_threads()
    server = RestageServer(FakeMembership())
    (thread,) = [thread for thread in server_threads() if thread not in before]
    actor.asked_next.get(timeout=LIMIT_S).set_exception(RuntimeError("the actor died"))
    thread.join(LIMIT_S)

    assert not thread.is_alive()
    assert "can no longer be computed again" in caplog.text
    server.close()


def test_the_server_makes_no_call_to_ray_after_this_process_has_left(actor: FakeActor) -> None:
    membership = FakeMembership()
    server = RestageServer(membership)
    waiting = actor.asked_next.get(timeout=LIMIT_S)
    membership.leave()
    server.answer(restage("e", "r"), ("n1", "/new"))
    (thread,) = server_threads()
    waiting.set_result(RestageRequest("release", "e", 7, "r"))
    thread.join(LIMIT_S)

    assert not thread.is_alive()
    assert actor.answers.empty()
    assert actor.asked_next.empty()
