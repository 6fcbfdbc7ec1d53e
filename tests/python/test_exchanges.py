"""Transfers that begin while this process leaves the cluster."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from exchange_fakes import LIMIT_S, FakeExport, FakeMembership, FakeTasks, loaded, staged
from rayonspark._background import in_background
from rayonspark.data import exchanges as module
from rayonspark.data import to_ray
from rayonspark.data.exchanges import Exchanges
from rayonspark.errors import ClusterStoppedException


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace all calls to Ray, because they would start a cluster."""
    monkeypatch.setattr(module, "Membership", lambda cluster_id: FakeMembership())
    monkeypatch.setattr(to_ray, "NodeTasks", FakeTasks(loaded))
    monkeypatch.setattr(to_ray, "dataset_of", lambda blocks, _: [b.ref for b in blocks])
    monkeypatch.setattr(to_ray, "nodes_alive", lambda: [{"NodeID": "n1"}])


def cluster(export: Any) -> Any:
    return SimpleNamespace(export=lambda df, options: export())


def test_a_transfer_that_begins_after_the_process_has_left_does_nothing() -> None:
    exchanges = Exchanges(cluster(lambda: pytest.fail("Spark was asked")), "ros-1")
    assert not exchanges.left
    exchanges.leave()
    exchanges.leave()

    assert exchanges.left
    for recoverable in (False, True):
        with pytest.raises(ClusterStoppedException):
            exchanges.to_ray(SimpleNamespace(), {}, recoverable=recoverable)


def test_a_transfer_whose_process_leaves_while_spark_plans_it_never_reaches_ray(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LEAVE_S", 0.01)
    planning, planned = threading.Event(), threading.Event()
    export = FakeExport([staged(0)])
    tasks = FakeTasks(loaded)
    monkeypatch.setattr(to_ray, "NodeTasks", tasks)

    def plan() -> FakeExport:
        planning.set()
        assert planned.wait(LIMIT_S)
        return export

    exchanges = Exchanges(cluster(plan), "ros-1")
    moving = in_background("move", lambda: exchanges.to_ray(None, {}, recoverable=False))
    assert planning.wait(LIMIT_S)
    exchanges.leave()
    planned.set()

    assert isinstance(moving.exception(LIMIT_S), ClusterStoppedException)
    assert not tasks.submitted.is_set()


def test_the_last_transfer_is_known_in_the_next_connection() -> None:
    first = Exchanges(cluster(lambda: FakeExport([staged(0)])), "ros-1")
    assert first.last is None
    first.to_ray(SimpleNamespace(), {}, recoverable=False)
    first.leave()

    assert first.last is not None
    assert Exchanges(cluster(None), "ros-1", first).last == first.last
