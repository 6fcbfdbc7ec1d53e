"""Arguments that a running Spark cannot honour. Pure functions."""

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
    """Return a sentence for each argument that has no effect on the Spark of this master.

    These are warnings and not errors, so that a program runs elsewhere when only its cluster mode
    changes.

    Parameters
    ----------
    mode : ClusterMode
        How Spark was started, or the mode that fits the master of a running one.
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
    # Local Spark is one node, so a node count of 1 needs no warning.
    return [
        f"{name}={getattr(arguments, name)!r} has no effect: {reason}."
        for name, reason in reasons.items()
        if arguments.asks_for(name) and getattr(arguments, name) != 1
    ]


def conflicts(arguments: OrcaArguments, running: Mapping[str, str]) -> list[str]:
    """Return a text for each argument that a running SparkContext cannot honour.

    The text names the argument and the current value. An argument that equals the current value is
    not a conflict.

    Parameters
    ----------
    running : mapping of str to str
        Configuration of the running SparkContext.
    """
    in_cluster = (
        running.get("spark.submit.deployMode") == "cluster"
        # On Kubernetes, a driver in cluster mode has the deploy mode "client" and this key.
        or running.get("spark.kubernetes.submitInDriver") == "true"
    )
    current = ClusterMode.of_master(running.get("spark.master", ""), in_cluster=in_cluster)
    wanted = current
    found = []
    if arguments.cluster_mode is not None:
        wanted = ClusterMode.of(arguments.cluster_mode, submitted=False)
        if wanted not in (current, ClusterMode.SUBMIT):
            found.append(
                f"cluster_mode={wanted.value!r} (spark.master is currently "
                f"{_shown(running.get('spark.master'))})"
            )
        elif wanted is ClusterMode.SUBMIT:
            wanted = current
    if wanted is ClusterMode.LOCAL and arguments.master is not None:
        found.append(
            f"master={arguments.master!r} (spark.master is currently "
            f"{_shown(running.get('spark.master'))})"
        )
    return found + differing(settings_of(arguments, wanted), running)


def differing(rows: Iterable[Setting], running: Mapping[str, str]) -> list[str]:
    """Return a text for each setting of an argument whose value in `running` differs."""
    return [
        f"{row.argument} ({row.key}={row.value!r}, currently {_shown(running.get(row.key))})"
        for row in rows
        if row.argument is not None and not _same(row, running.get(row.key))
    ]


def _same(row: Setting, current: str | None) -> bool:
    if current is None:
        return False
    if row.key in _MEMORY_KEYS:
        return mib(row.key, row.value) == mib(row.key, current)
    if row.key in ("spark.jars", "spark.submit.pyFiles"):
        return set(row.value.split(",")) <= set(current.split(","))
    return row.value == current


def _shown(value: str | None) -> str:
    return "not set" if value is None else repr(value)
