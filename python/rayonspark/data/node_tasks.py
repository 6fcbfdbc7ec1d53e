"""Ray tasks that need no CPU, each on the node of the file that it reads or writes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any

from rayonspark.data.membership import Membership
from rayonspark.errors import ClusterStoppedException

MAX_PER_NODE = 2
"""Concurrent tasks on one node; more would only wait for the same memory."""


@dataclass(frozen=True)
class Ended:
    """A task has ended.

    Attributes
    ----------
    key : hashable
        The key with which it was submitted.
    value : object
        Its last return value; None after an error.
    error : BaseException or None
        Why it failed; None if it did not.
    """

    key: Hashable
    value: Any
    error: BaseException | None


class NodeTasks:
    """Runs a few tasks at a time on each Ray node; the others wait in the order of submission.

    Without this limit, every waiting file would get its own worker process, because a task that
    needs no CPU never waits for others. The limit is at most the node's number of CPUs: Ray keeps
    that many idle workers. It would end the others after a second, and start them again for the
    next transfer. Only one thread may use this, except that `on_end` runs in Ray's threads.

    Parameters
    ----------
    function : callable
        What a task runs. Its last return value must be small, because it is fetched.
    on_end : callable
        Receives each :class:`Ended`, in one of Ray's threads or inside :meth:`submit`, so it must
        not block. The owner then calls :meth:`settle` with it. Tasks that are submitted after this
        process has left the cluster end at once, with a ClusterStoppedException.
    membership : Membership
        Membership of the cluster whose nodes run the tasks.
    returns : int
        Number of values that a task returns.
    soft : bool
        Whether a task may run on another node if its own is gone.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        on_end: Callable[[Ended], None],
        membership: Membership,
        *,
        returns: int = 1,
        soft: bool,
    ) -> None:
        self._task = remote(function, returns)
        with membership:
            self._limits = tasks_of_nodes()
        self._membership = membership
        self._on_end = on_end
        self._soft = soft
        self._waiting: dict[str, deque[tuple[Hashable, tuple[Any, ...]]]] = {}
        self._running: dict[Hashable, tuple[str, tuple[Any, ...]]] = {}
        self._busy: Counter[str] = Counter()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self._running

    def submit(self, key: Hashable, node: str, *arguments: Any) -> None:
        """Run a task on this Ray node, as soon as the node has fewer tasks than its limit."""
        self._waiting.setdefault(node, deque()).append((key, arguments))
        self._start(node)

    def settle(self, ended: Ended) -> tuple[Any, ...]:
        """Start the node's next task; return references to the values that this one returned.

        There are none if the task could not be submitted.
        """
        node, refs = self._running.pop(ended.key)
        self._busy[node] -= 1
        self._start(node)
        return refs

    def drop_waiting(self) -> None:
        """Start no other task; those that run end by themselves.

        They are not cancelled: if a task ends while ``ray.cancel`` looks for it, Ray ends this
        process with "Tried to complete task that was not pending".
        """
        self._waiting.clear()

    def _start(self, node: str) -> None:
        waiting = self._waiting.get(node)
        while waiting and self._busy[node] < self._limits.get(node, 1):
            key, arguments = waiting.popleft()
            try:
                with self._membership:
                    refs, done = self._submitted(node, arguments)
            except ClusterStoppedException as error:
                refs, done = (), Future()
                done.set_exception(error)
            self._busy[node] += 1
            self._running[key] = (node, refs)
            # Ray holds callbacks for a long time, so this one must not hold references.
            done.add_done_callback(
                lambda done, key=key, on_end=self._on_end: on_end(_ended(key, done))
            )

    def _submitted(self, node: str, arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        on_node = NodeAffinitySchedulingStrategy(node, soft=self._soft)
        returned = self._task.options(scheduling_strategy=on_node).remote(*arguments)
        refs = tuple(returned) if isinstance(returned, list | tuple) else (returned,)
        return refs, refs[-1].future()


@cache
def remote(function: Callable[..., Any], returns: int = 1) -> Any:
    """Return a remote function that needs no CPU; cached, so that workers know it already."""
    import ray

    return ray.remote(num_cpus=0, num_returns=returns)(function)


def nodes_alive() -> list[dict[str, Any]]:
    """Return Ray's description of each living node."""
    import ray

    nodes: Any = ray.nodes
    return [node for node in nodes() if node["Alive"]]


def cpus_of_nodes() -> dict[str, int]:
    """Return the CPUs of each living node by its id; the head has none unless requested."""
    return {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in nodes_alive()}


def store_bytes() -> int:
    """Return the size of the object stores of all living nodes, in bytes."""
    return int(sum(node["Resources"].get("object_store_memory", 0) for node in nodes_alive()))


def tasks_of_nodes() -> dict[str, int]:
    """Return how many of these tasks each living node may run at once, by its id."""
    return {node: max(1, min(MAX_PER_NODE, cpus)) for node, cpus in cpus_of_nodes().items()}


def _ended(key: Hashable, done: Any) -> Ended:
    error = done.exception()
    return Ended(key, None if error is not None else done.result(), error)


def cause_of(error: BaseException) -> Any:
    """Return the error, of the user or of RayOnSpark, that Ray has wrapped."""
    return getattr(error, "cause", None) or error
