"""What a Spark that runs cannot honour any more: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rayonspark._arguments import KUBERNETES_ARGUMENTS, YARN_ARGUMENTS, OrcaArguments
from rayonspark._sizes import mib
from rayonspark.cluster_mode import ClusterMode, is_kubernetes, is_local
from rayonspark.session import Setting, settings_of

__all__ = ["conflicts", "differing", "unused"]

_MEMORY_KEYS = frozenset(
    {"spark.driver.memory", "spark.executor.memory", "spark.executor.memoryOverhead"}
)


def unused(arguments: OrcaArguments, mode: ClusterMode, master: str) -> list[str]:
    """Say which arguments have no effect on the Spark of this master, and why.

    They are no errors: a program is to run elsewhere by a change of its cluster mode alone.

    Parameters
    ----------
    mode : ClusterMode
        How that Spark was started, or found.
    """
    reasons: dict[str, str] = {}
    if is_local(master):
        names = ("num_nodes", "num_ray_nodes", "extra_executor_memory_for_ray")
        reasons |= dict.fromkeys(names, "this Spark is local, which is one node")
    if not mode.is_yarn:
        reasons |= dict.fromkeys(YARN_ARGUMENTS, "this Spark was not started on YARN from here")
    if not mode.is_kubernetes:
        why = "this Spark was not started on Kubernetes from here"
        reasons |= dict.fromkeys(KUBERNETES_ARGUMENTS, why)
    if not (mode.is_yarn or mode.is_kubernetes):
        why = "this Spark was not started on YARN or Kubernetes from here"
        reasons["penv_archive"] = why
    if not is_kubernetes(master):
        reasons["prepare_pods"] = "this Spark has no pods"
    return [
        f"{name}={getattr(arguments, name)!r} has no effect: {reason}."
        for name, reason in reasons.items()
        if arguments.asks_for(name) and getattr(arguments, name) != 1
    ]


def conflicts(arguments: OrcaArguments, running: Mapping[str, str]) -> list[str]:
    """Say for each argument that a running SparkContext cannot honour what is there instead.

    What is asked for and is so already is no conflict.
    """
    in_cluster = (
        running.get("spark.submit.deployMode") == "cluster"
        # Spark's driver in a pod is one in client mode, and knows.
        or running.get("spark.kubernetes.submitInDriver") == "true"
    )
    there = ClusterMode.of_master(running.get("spark.master", ""), in_cluster=in_cluster)
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
