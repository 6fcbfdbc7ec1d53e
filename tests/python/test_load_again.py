"""A Ray task that runs again finds no file, and requests its block until it can read it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
import ray
from ray.exceptions import NodeDiedError
from rayonspark.data import _tasks
from rayonspark.data._tasks import MAX_RESTAGES, LostBlock, load
from rayonspark.errors import ExchangeException

HERE = "here"
TABLE = pa.table({"id": [1, 2, 3]})


class FakeRestageActor:
    """The handle of a ``RestageActor`` that returns one place after the other."""

    def __init__(self, *places: Any) -> None:
        self._places = list(places)
        self.asked: list[tuple[str, int, str]] = []
        self.open: list[str] = []
        self.restage = SimpleNamespace(remote=self._restage)
        self.release = SimpleNamespace(remote=lambda export, block, it: self.open.remove(it))

    def _restage(self, export: str, block: int, request: str, gone: str) -> Any:
        self.asked.append((export, block, gone))
        self.open.append(request)
        return self._places.pop(0)


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the Ray of a worker; its calls return immediately."""
    context = SimpleNamespace(get_node_id=lambda: HERE)
    monkeypatch.setattr(ray, "get_runtime_context", lambda: context)
    monkeypatch.setattr(ray, "get", lambda result: result)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "block.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, TABLE.schema) as stream:
        stream.write_table(TABLE)
    return str(path)


def test_a_task_that_finds_its_file_makes_no_request(file: str) -> None:
    actor = FakeRestageActor()

    assert load(file, 7, 3, "home", (actor, "e")) == (TABLE, HERE)
    assert actor.asked == []


def test_a_task_that_finds_no_file_gets_a_new_one_and_releases_it(file: str) -> None:
    actor = FakeRestageActor((HERE, file))

    assert load("/gone", 7, 3, "home", (actor, "e")) == (TABLE, HERE)
    assert actor.asked == [("e", 7, "/gone")]
    assert actor.open == []


def test_a_file_that_is_lost_again_is_requested_again(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(path: str, node: str) -> pa.Table:
        raise NodeDiedError("the node died")

    monkeypatch.setattr(_tasks, "_fetch", fetch)
    actor = FakeRestageActor((HERE, "/gone-too"), ("elsewhere", "/far"), (HERE, file))

    assert load("/gone", 7, 3, "home", (actor, "e")) == (TABLE, HERE)
    assert [gone for _, _, gone in actor.asked] == ["/gone", "/gone-too", "/far"]
    assert actor.open == []


def test_a_block_that_is_always_lost_is_an_error() -> None:
    actor = FakeRestageActor(*[(HERE, "/gone")] * MAX_RESTAGES)

    with pytest.raises(LostBlock, match="Block 7 of the Dataset was lost with its Ray node"):
        load("/gone", 7, 3, "home", (actor, "e"))
    assert actor.open == []


def test_a_lost_block_that_is_not_recoverable_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(LostBlock, match="recoverable=True"):
        load("/gone", 7, 3, "home", None)


def test_a_block_with_another_number_of_rows_is_an_error(file: str) -> None:
    with pytest.raises(ExchangeException, match="had 4 rows, and has 3"):
        load("/gone", 7, 4, "home", (FakeRestageActor((HERE, file)), "e"))
