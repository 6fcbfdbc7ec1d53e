"""Answers to Ray's retries, whose tasks may die at any moment."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import pytest
from exchange_fakes import LIMIT_S, NODE, FakeExport, staged
from rayonspark.data import restager
from rayonspark.data.restage_server import Answer, RestageRequest
from rayonspark.data.restager import Restager
from rayonspark.errors import ExchangeException

Told = SimpleQueue[tuple[RestageRequest, Answer]]


@pytest.fixture
def export() -> FakeExport:
    return FakeExport([staged(n) for n in range(3)])


@pytest.fixture
def told() -> Told:
    return SimpleQueue()


def answering(export: FakeExport, told: Told, **options: float) -> Restager:
    return Restager(export, lambda request, answer: told.put((request, answer)), **options)


def restage(block: int, request: str, path: str | None = None) -> RestageRequest:
    return RestageRequest("restage", "export", block, request, path or f"/{block}")


def release(block: int, request: str) -> RestageRequest:
    return RestageRequest("release", "export", block, request)


def test_a_request_gets_the_new_file_which_stays_until_it_is_read(
    export: FakeExport, told: Told
) -> None:
    answers = answering(export, told)
    answers.submit(restage(1, "a"))

    assert told.get(timeout=LIMIT_S) == (restage(1, "a"), (NODE, "/1'"))
    assert export.recomputed_for_retry == [(1, "/1")]
    assert export.released_for_retry == []

    answers.submit(release(1, "a"))
    export.until_released_for_retry([1])


def test_one_thread_answers_many_concurrent_requests(export: FakeExport, told: Told) -> None:
    threads = set()

    def tell(request: RestageRequest, answer: Answer) -> None:
        threads.add(threading.current_thread())
        told.put((request, answer))

    answers = Restager(export, tell)
    for n in range(100):
        answers.submit(restage(n % 3, f"r{n}"))

    # Each request is answered once: with a file, or with an error if a later attempt replaces it.
    requests = {told.get(timeout=LIMIT_S)[0].request for _ in range(100)}
    assert requests == {f"r{n}" for n in range(100)}
    assert len(threads) == 1
    for n in range(97, 100):
        answers.submit(release(n % 3, f"r{n}"))


def test_a_defect_answers_all_waiting_requests_and_the_next_one_is_served(
    export: FakeExport, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answering(export, told)
    with monkeypatch.context() as broken:
        broken.setattr(export, "next_for_retry", lambda timeout_ms: [{"strange": 1}])
        answers.submit(restage(1, "a"))
        request, answer = told.get(timeout=LIMIT_S)
        assert request.request == "a"
        assert isinstance(answer, ExchangeException)
    answers.submit(restage(2, "b"))
    assert told.get(timeout=LIMIT_S) == (restage(2, "b"), (NODE, "/2'"))
    answers.submit(release(2, "b"))


def test_the_thread_ends_when_there_is_no_request_and_no_reader(
    export: FakeExport, told: Told
) -> None:
    threads = SimpleQueue[threading.Thread]()

    def tell(request: RestageRequest, answer: Answer) -> None:
        threads.put(threading.current_thread())

    answers = Restager(export, tell)
    for request in ("a", "b"):
        answers.submit(restage(1, request))
        thread = threads.get(timeout=LIMIT_S)
        answers.submit(release(1, request))
        thread.join(LIMIT_S)
        assert not thread.is_alive()


def test_a_later_attempt_gets_its_own_file_when_the_first_has_died(
    export: FakeExport, told: Told
) -> None:
    """The first task died after its answer, together with the node and the file."""
    answers = answering(export, told)
    answers.submit(restage(1, "dead"))
    told.get(timeout=LIMIT_S)
    answers.submit(restage(1, "next", "/1'"))

    assert told.get(timeout=LIMIT_S) == (restage(1, "next", "/1'"), (NODE, "/1''"))

    answers.submit(release(1, "dead"))
    answers.submit(release(1, "next"))
    # A release for the dead attempt would come first.
    export.until_released_for_retry([1])


def test_a_file_whose_reader_has_died_is_released_when_its_lease_ends(
    export: FakeExport, told: Told
) -> None:
    answering(export, told, lease_s=0.0).submit(restage(1, "dead"))
    told.get(timeout=LIMIT_S)

    export.until_released_for_retry([1])


def test_a_request_to_a_failed_export_gets_the_exports_error(
    export: FakeExport, told: Told
) -> None:
    answers = answering(export, told)
    export.fail(ExchangeException("mine"))
    answers.submit(restage(1, "a"))

    _, answer = told.get(timeout=LIMIT_S)
    assert isinstance(answer, ExchangeException)
    assert str(answer) == "mine"


def test_a_waiting_request_gets_the_error_of_an_export_that_fails(
    export: FakeExport, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_again", lambda block, path: export.fail(ExchangeException("x")))
    monkeypatch.setattr(restager, "WAIT_MS", int(1000 * LIMIT_S))
    answering(export, told).submit(restage(1, "a"))

    request, answer = told.get(timeout=LIMIT_S)
    assert (request.request, str(answer)) == ("a", "x")


def test_an_unexpected_error_becomes_an_answer_that_ray_can_send(
    export: FakeExport, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strange(block: int, path: str) -> None:
        raise KeyError("mine")

    monkeypatch.setattr(export, "recompute_for_retry", strange)
    answers = answering(export, told)
    answers.submit(restage(1, "a"))

    _, answer = told.get(timeout=LIMIT_S)
    assert isinstance(answer, ExchangeException)
    assert "Spark could not compute block 1 of the DataFrame again: KeyError('mine')" in str(answer)
