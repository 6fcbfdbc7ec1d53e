"""Ray tasks of no CPUs, each beside the file that it reads or writes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any

MOST_PER_NODE = 2
"""More would only wait for the same memory."""


@dataclass(frozen=True)
class Ended:
    """A task has ended.

    Attributes
    ----------
    key : hashable
        As it was submitted.
    value : object
        What it returned last; None after an error.
    error : BaseException or None
        Why it failed.
    """

    key: Hashable
    value: Any
    error: BaseException | None


class NodeTasks:
    """Runs few tasks at a time on each Ray node; the others wait in the order of their coming.

    Without the bound, every waiting file would get a worker process of its own: a task of no CPUs
    never waits for others. And it is no more than a node's CPUs: Ray keeps as many idle workers,
    and would end the others after a second, to start them again for the next transfer. To be used
    by one thread only, but for `tell`.

    Parameters
    ----------
    function : callable
        What a task runs. Its last return must be small: it is fetched.
    tell : callable
        Takes each :class:`Ended`, in a thread of Ray's, so it must not block; the owner of this
        then calls :meth:`settle` with it.
    returns : int
        How many values a task returns.
    soft : bool
        Whether a task may run elsewhere, when its node is gone.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tell: Callable[[Ended], None],
        *,
        returns: int = 1,
        soft: bool,
    ) -> None:
        self._task = remote(function, returns)
        self._limits = tasks_of_nodes()
        self._tell = tell
        self._soft = soft
        self._waiting: dict[str, deque[tuple[Hashable, tuple[Any, ...]]]] = {}
        self._running: dict[Hashable, tuple[str, tuple[Any, ...]]] = {}
        self._busy: Counter[str] = Counter()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self._running

    def submit(self, key: Hashable, node: str, *arguments: Any) -> None:
        """Run a task beside that Ray node, as soon as less than the bound are there."""
        self._waiting.setdefault(node, deque()).append((key, arguments))
        self._start(node)

    def settle(self, ended: Ended) -> tuple[Any, ...]:
        """Let the next task of that node begin; give references to all that this one returned."""
        node, refs = self._running.pop(ended.key)
        self._busy[node] -= 1
        self._start(node)
        return refs

    def cancel(self) -> None:
        """End what runs, and forget what waits."""
        import ray

        self._waiting.clear()
        # A call on Ray from a process that has left it would start a cluster of its own.
        if ray.is_initialized():
            for _, refs in self._running.values():
                ray.cancel(refs[0])

    def _start(self, node: str) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        waiting = self._waiting.get(node)
        while waiting and self._busy[node] < self._limits.get(node, 1):
            key, arguments = waiting.popleft()
            beside = NodeAffinitySchedulingStrategy(node, soft=self._soft)
            made = self._task.options(scheduling_strategy=beside).remote(*arguments)
            refs = tuple(made) if isinstance(made, list | tuple) else (made,)
            self._busy[node] += 1
            self._running[key] = (node, refs)
            # Ray keeps its callbacks for long, so they must not keep references.
            refs[-1].future().add_done_callback(
                lambda done, key=key, tell=self._tell: tell(_ended(key, done))
            )


@cache
def remote(function: Callable[..., Any], returns: int = 1) -> Any:
    """Give a remote function of no CPUs; always the same one, which workers know already."""
    import ray

    return ray.remote(num_cpus=0, num_returns=returns)(function)


def nodes_alive() -> list[dict[str, Any]]:
    """Give what Ray says of its living nodes."""
    import ray

    nodes: Any = ray.nodes
    return [node for node in nodes() if node["Alive"]]


def cpus_of_nodes() -> dict[str, int]:
    """Give the CPUs of each node that lives, by its id; the head has none unless asked for."""
    return {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in nodes_alive()}


def tasks_of_nodes() -> dict[str, int]:
    """Give how many of our tasks each node that lives may have at once, by its id."""
    return {node: max(1, min(MOST_PER_NODE, cpus)) for node, cpus in cpus_of_nodes().items()}


def _ended(key: Hashable, done: Any) -> Ended:
    error = done.exception()
    return Ended(key, None if error is not None else done.result(), error)
