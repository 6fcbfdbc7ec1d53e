"""Translates a cluster mode and its arguments to Spark's configuration. Pure functions."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rayonspark._arguments import OrcaArguments
from rayonspark._overhead import heap_mib, jvm_mib
from rayonspark._sizes import mib
from rayonspark.cluster_mode import ClusterMode, is_kubernetes
from rayonspark.errors import InvalidSpecException

__all__ = [
    "ENVIRONMENT_LINK",
    "Setting",
    "as_conf",
    "settings",
    "settings_of",
    "standalone_sizes",
    "worker_memory_mib",
]

ENVIRONMENT_LINK = "python_env"
"""Name of the link to the Python environment in an executor's working directory."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """One key of Spark's configuration, and the argument that sets it; None for a default."""

    key: str
    value: str
    argument: str | None


def settings(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    """Translate arguments to Spark's keys. Arguments override `conf`, and `conf` the defaults.

    Local Spark is a single node whatever `num_nodes` is; ``conflict.unused`` warns about that.

    ``spark.master`` is missing for a standalone cluster that RayOnSpark starts, because the URL is
    known only when the cluster runs. It is also missing in the mode "spark-submit", where
    spark-submit has set it.

    Raises
    ------
    InvalidSpecException
        An argument does not fit the mode, or a size cannot be read.
    """
    _check_fit(arguments, mode)
    return settings_of(arguments, mode)


def as_conf(rows: Iterable[Setting]) -> dict[str, str]:
    """Return the settings as a map from key to value."""
    return {row.key: row.value for row in rows}


def worker_memory_mib(conf: Mapping[str, str]) -> int:
    """Return the MiB that a standalone worker needs to run one executor of this configuration."""
    heap = heap_mib(conf, "executor")
    asked = conf.get("spark.executor.memoryOverhead", jvm_mib(heap))
    overhead = mib("spark.executor.memoryOverhead", asked)
    python = conf.get("spark.executor.pyspark.memory")
    off_heap = conf.get("spark.memory.offHeap.size")
    rest = [mib("spark.executor.pyspark.memory", python)] if python else []
    if off_heap:
        # A bare number is bytes for this one key.
        size = f"{off_heap}b" if off_heap.isdigit() else off_heap
        rest.append(mib("spark.memory.offHeap.size", size))
    return heap + overhead + sum(rest)


def standalone_sizes(conf: Mapping[str, str], *, nodes: int, machine_cores: int) -> dict[str, str]:
    """Return the cores per executor and in total, for a standalone cluster of `nodes` workers.

    Spark would start the same executors without these keys. The keys tell how many to wait for.
    """
    share = max(1, machine_cores // nodes)
    cores = conf.get("spark.executor.cores", str(share))
    total = conf.get("spark.cores.max", str(int(cores) * nodes))
    return {"spark.executor.cores": cores, "spark.cores.max": total}


def settings_of(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    """Translate like :func:`settings`, but do not check that the arguments fit the mode."""
    rows = _local(arguments) if mode is ClusterMode.LOCAL else _executors(arguments, mode)
    rows += _everywhere(arguments)
    if mode.is_yarn:
        rows += _yarn(arguments, mode)
    if mode.is_kubernetes:
        rows += _kubernetes(arguments, mode)
    by_key = {row.key: row for row in rows if row.argument is None}
    by_key.update(_conf(arguments.conf))
    by_key.update({row.key: row for row in rows if row.argument is not None})
    return list(by_key.values())


def _local(arguments: OrcaArguments) -> list[Setting]:
    cores = "*" if arguments.cores is None else arguments.cores
    named = "driver_memory" if arguments.driver_memory is not None else "memory"
    return [
        Setting("spark.master", f"local[{cores}]", _asked(arguments, "cores")),
        _memory(arguments, "spark.driver.memory", named),
    ]


def _executors(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    rows = [_memory(arguments, "spark.executor.memory", "memory")]
    if arguments.driver_memory is not None:
        rows.append(_memory(arguments, "spark.driver.memory", "driver_memory"))
    if arguments.master is not None:
        rows.append(Setting("spark.master", arguments.master, "master"))
    if arguments.cores is not None:
        rows.append(Setting("spark.executor.cores", str(arguments.cores), "cores"))
    if mode is ClusterMode.SUBMIT:
        if arguments.asks_for("num_nodes"):
            rows.append(Setting("spark.executor.instances", str(arguments.num_nodes), "num_nodes"))
    elif mode is ClusterMode.STANDALONE and arguments.cores is not None:
        # A standalone master starts as many executors as fit into this number.
        total = str(int(arguments.cores) * arguments.num_nodes)
        rows.append(Setting("spark.cores.max", total, _asked(arguments, "num_nodes", "cores")))
    return rows


def _submitted(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    deploy = "cluster" if mode.submits else "client"
    # In a pod, Spark's driver has the deploy mode "client" in either mode: not a conflict.
    asked = None if mode.is_kubernetes else _asked(arguments, "cluster_mode")
    instances = str(arguments.num_nodes)
    return [
        Setting("spark.submit.deployMode", deploy, asked),
        Setting("spark.executor.instances", instances, _asked(arguments, "num_nodes")),
    ]


def _yarn(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    archives = [_paths(arguments.additional_archive), _environment(arguments)]
    texts = {
        "queue": ("spark.yarn.queue", arguments.queue),
        "spark_yarn_archive": ("spark.yarn.archive", arguments.spark_yarn_archive),
        "penv_archive": ("spark.yarn.dist.archives", ",".join(filter(None, archives))),
    }
    return [
        Setting("spark.master", "yarn", _asked(arguments, "cluster_mode")),
        *_submitted(arguments, mode),
        *(Setting(key, str(value), name) for name, (key, value) in texts.items() if value),
    ]


def _kubernetes(arguments: OrcaArguments, mode: ClusterMode) -> list[Setting]:
    account = "spark.kubernetes.authenticate.driver.serviceAccountName"
    texts = [
        ("container_image", "spark.kubernetes.container.image", arguments.container_image),
        ("namespace", "spark.kubernetes.namespace", arguments.namespace),
        # Executors use the driver's account by default.
        ("service_account", account, arguments.service_account),
        ("pod_template", "spark.kubernetes.driver.podTemplateFile", arguments.pod_template),
        ("pod_template", "spark.kubernetes.executor.podTemplateFile", arguments.pod_template),
        ("penv_archive", "spark.archives", _environment(arguments)),
    ]
    return [
        *_submitted(arguments, mode),
        *(Setting(key, str(value), name) for name, key, value in texts if value),
    ]


def _environment(arguments: OrcaArguments) -> str:
    archive = arguments.penv_archive
    return "" if archive is None else f"{archive.partition('#')[0]}#{ENVIRONMENT_LINK}"


def _everywhere(arguments: OrcaArguments) -> list[Setting]:
    rows = [Setting("spark.app.name", "RayOnSpark", None)]
    overhead = "extra_executor_memory_for_ray"
    if arguments.extra_executor_memory_for_ray is not None:
        rows.append(_memory(arguments, "spark.executor.memoryOverhead", overhead))
    texts = {
        "driver_cores": ("spark.driver.cores", arguments.driver_cores),
        "spark_log_level": ("spark.log.level", arguments.spark_log_level),
        "python_location": ("spark.pyspark.python", arguments.python_location),
        "extra_python_lib": ("spark.submit.pyFiles", _paths(arguments.extra_python_lib)),
        "jars": ("spark.jars", _paths(arguments.jars)),
    }
    rows += [Setting(key, str(value), name) for name, (key, value) in texts.items() if value]
    return rows


def _conf(conf: Mapping[str, Any] | None) -> dict[str, Setting]:
    def text(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {key: Setting(key, text(value), f"conf[{key!r}]") for key, value in (conf or {}).items()}


def _check_fit(arguments: OrcaArguments, mode: ClusterMode) -> None:
    if mode is not ClusterMode.LOCAL and arguments.cores == "*":
        raise InvalidSpecException(
            f"cores='*' is valid for local Spark only, and the mode is {mode.value!r}. Pass a "
            "number, or leave cores out."
        )
    if arguments.master is not None:
        _check_master(arguments, mode)


def _check_master(arguments: OrcaArguments, mode: ClusterMode) -> None:
    master = str(arguments.master)
    if mode.is_kubernetes:
        if not is_kubernetes(master):
            raise InvalidSpecException(
                f"master={arguments.master!r} is not the URL of a Kubernetes cluster. Write it as "
                '"k8s://https://host:port"; kubectl cluster-info shows host and port.'
            )
        return
    if mode is not ClusterMode.STANDALONE:
        raise InvalidSpecException(
            f"master={arguments.master!r} does not fit the mode {mode.value!r}. Leave master "
            'out, or use cluster_mode="standalone" or "k8s".'
        )
    if not master.startswith("spark://"):
        raise InvalidSpecException(
            f"master={arguments.master!r} is not the URL of a standalone cluster. Write it as "
            '"spark://host:7077", or leave it out to start a small cluster on this machine.'
        )
    if arguments.num_nodes != 1 and arguments.cores is None:
        raise InvalidSpecException(
            f"num_nodes={arguments.num_nodes} asks for executors of a standalone cluster, whose "
            "master allocates cores. Also set cores, the cores of each executor."
        )


def _memory(arguments: OrcaArguments, key: str, name: str) -> Setting:
    try:
        size = mib(name, getattr(arguments, name))
    except ValueError as error:
        raise InvalidSpecException(str(error)) from error
    return Setting(key, f"{size}m", _asked(arguments, name))


def _asked(arguments: OrcaArguments, *names: str) -> str | None:
    return next((name for name in names if arguments.asks_for(name)), None)


def _paths(paths: str | Sequence[str] | None) -> str:
    several = paths.split(",") if isinstance(paths, str) else (paths or [])
    return ",".join(path for path in (os.fspath(each).strip() for each in several) if path)
