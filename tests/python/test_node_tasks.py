"""How many tasks run at once, and what happens to them when this process leaves."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from exchange_fakes import FakeMembership
from rayonspark.data import node_tasks
from rayonspark.data.node_tasks import Ended, NodeTasks
from rayonspark.errors import ClusterStoppedException


class FakeTask:
    """A remote function: a test sets its results."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], Future[Any]]] = []
        self.fails: BaseException | None = None

    def options(self, *, scheduling_strategy: Any) -> Any:
        def submit(*arguments: Any) -> list[Any]:
            if self.fails is not None:
                raise self.fails
            future: Future[Any] = Future()
            self.calls.append((scheduling_strategy.node_id, arguments, future))
            return [f"first of {arguments[0]}", SimpleNamespace(future=lambda: future)]

        return SimpleNamespace(remote=submit)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> FakeTask:
    fake = FakeTask()
    monkeypatch.setattr(node_tasks, "remote", lambda function, returns: fake)
    monkeypatch.setattr(node_tasks, "tasks_of_nodes", lambda: {NODES[0]: 2})
    return fake


NODES = ("a" * 56, "b" * 56)
"""Ray did not list the second one when the tasks began."""


def made(told: list[Ended], membership: FakeMembership | None = None) -> NodeTasks:
    tell = told.append
    return NodeTasks(print, tell, membership or FakeMembership(), returns=2, soft=True)


def running(task: FakeTask) -> list[Any]:
    return [arguments[0] for _, arguments, _ in task.calls]


def test_a_node_runs_at_most_its_limit_and_the_others_wait_in_order(task: FakeTask) -> None:
    told: list[Ended] = []
    tasks = made(told)
    assert tasks.idle
    for n in range(4):
        tasks.submit(n, NODES[0], n)
        tasks.submit(10 + n, NODES[1], 10 + n)
    assert running(task) == [0, 10, 1]

    task.calls[2][2].set_result("there")
    assert told == [Ended(1, "there", None)]
    # The end of a task is only reported; the next one begins when the owner settles it.
    assert running(task) == [0, 10, 1]
    assert tasks.settle(told[0])[0] == "first of 1"
    assert running(task) == [0, 10, 1, 2]
    assert not tasks.idle


def test_the_error_of_a_task_is_reported(task: FakeTask) -> None:
    told: list[Ended] = []
    tasks = made(told)
    tasks.submit("k", NODES[0], 0)
    error = OSError("mine")
    task.calls[0][2].set_exception(error)

    assert told == [Ended("k", None, error)]
    tasks.settle(told[0])
    assert tasks.idle


def test_a_task_that_waits_when_this_process_leaves_never_reaches_ray(task: FakeTask) -> None:
    told: list[Ended] = []
    membership = FakeMembership()
    tasks = made(told, membership)
    for n in range(4):
        tasks.submit(n, NODES[0], n)
    membership.leave()
    task.calls[0][2].set_result("there")
    settled = 0
    while settled < len(told):
        tasks.settle(told[settled])
        settled += 1

    assert running(task) == [0, 1]
    assert [ended.key for ended in told] == [0, 2, 3]
    assert all(isinstance(ended.error, ClusterStoppedException) for ended in told[1:])


def test_tasks_cannot_be_made_after_this_process_has_left(task: FakeTask) -> None:
    membership = FakeMembership()
    membership.leave()

    with pytest.raises(ClusterStoppedException):
        made([], membership)


def test_dropped_tasks_never_start_and_those_that_run_end_by_themselves(task: FakeTask) -> None:
    told: list[Ended] = []
    tasks = made(told)
    for n in range(3):
        tasks.submit(n, NODES[0], n)
    tasks.drop_waiting()

    task.calls[0][2].set_result("there")
    tasks.settle(told[0])
    assert running(task) == [0, 1]
