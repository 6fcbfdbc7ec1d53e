"""What a Spark that runs cannot honour any more: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rayonspark._arguments import YARN_ARGUMENTS, OrcaArguments
from rayonspark._sizes import mib
from rayonspark.cluster_mode import ClusterMode
from rayonspark.session import Setting, settings_of

__all__ = ["conflicts", "differing", "unused"]

_MEMORY_KEYS = frozenset(
    {"spark.driver.memory", "spark.executor.memory", "spark.executor.memoryOverhead"}
)


def unused(arguments: OrcaArguments, *, local: bool, yarn: bool) -> list[str]:
    """Say which arguments have no effect where Spark is local, or not on YARN, and why.

    They are no errors: a program is to run elsewhere by a change of its cluster mode alone.
    """
    reasons: dict[str, str] = {}
    if local:
        names = ("num_nodes", "num_ray_nodes", "extra_executor_memory_for_ray")
        reasons |= dict.fromkeys(names, "this Spark is local, which is one node")
    if not yarn:
        reasons |= dict.fromkeys(YARN_ARGUMENTS, "this Spark was not started on YARN from here")
    return [
        f"{name}={getattr(arguments, name)!r} has no effect: {reason}."
        for name, reason in reasons.items()
        if arguments.asks_for(name) and getattr(arguments, name) != 1
    ]


def conflicts(arguments: OrcaArguments, running: Mapping[str, str]) -> list[str]:
    """Say for each argument that a running SparkContext cannot honour what is there instead.

    What is asked for and is so already is no conflict.
    """
    there = ClusterMode.of_master(
        running.get("spark.master", ""), running.get("spark.submit.deployMode")
    )
    wanted = there
    found = []
    if arguments.cluster_mode is not None:
        wanted = ClusterMode.of(arguments.cluster_mode, submitted=False)
        if wanted not in (there, ClusterMode.SUBMIT):
            found.append(
                f"cluster_mode={wanted.value!r}, and spark.master is "
                f"{_shown(running.get('spark.master'))}"
            )
        elif wanted is ClusterMode.SUBMIT:
            wanted = there
    if wanted is ClusterMode.LOCAL and arguments.master is not None:
        found.append(
            f"master={arguments.master!r}, and spark.master is "
            f"{_shown(running.get('spark.master'))}"
        )
    return found + differing(settings_of(arguments, wanted), running)


def differing(rows: Iterable[Setting], there: Mapping[str, str]) -> list[str]:
    """Say which settings that an argument asks for are others in the configuration `there`."""
    return [
        f"{row.argument} ({row.key}={row.value!r}), and it is {_shown(there.get(row.key))}"
        for row in rows
        if row.argument is not None and not _same(row, there.get(row.key))
    ]


def _same(row: Setting, there: str | None) -> bool:
    if there is None:
        return False
    if row.key in _MEMORY_KEYS:
        return mib(row.key, row.value) == mib(row.key, there)
    if row.key in ("spark.jars", "spark.submit.pyFiles"):
        return set(row.value.split(",")) <= set(there.split(","))
    return row.value == there


def _shown(value: str | None) -> str:
    return "not set" if value is None else repr(value)
