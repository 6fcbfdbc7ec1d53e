"""What Kubernetes needs to know before Spark starts: where it is, and what Ray needs in a pod."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rayonspark import _overhead, session
from rayonspark._arguments import OrcaArguments
from rayonspark._progress import say
from rayonspark.cluster_mode import ClusterMode, is_kubernetes
from rayonspark.errors import InvalidSpecException
from rayonspark.session import ENVIRONMENT_LINK, Setting

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes mounts the rights of the pod that this process is in."""

_SHARED_MEMORY = "/dev/shm"
_VOLUME = "rayonspark-shm"
_SLACK = 1.05
"""Ray wants a little more room than its store has; it takes 95 % of what it finds by itself."""

UPLOAD_KEY = "spark.kubernetes.file.upload.path"
"""Where spark-submit puts this machine's files for the pods to read."""


def prepare(arguments: OrcaArguments, mode: ClusterMode) -> tuple[list[Setting], dict[str, str]]:
    """Give Spark's settings, and the variables of the JVM that is to be launched with them.

    Raises
    ------
    InvalidSpecException
        Nothing says where the cluster is, or an argument does not fit the mode.
    """
    rows = [*of_this_pod(os.environ, _ACCOUNT), *session.settings(arguments, mode)]
    conf = session.as_conf(rows)
    if not is_kubernetes(conf.get("spark.master", "")):
        raise InvalidSpecException(
            f"cluster_mode={mode.value!r} needs to know where the Kubernetes cluster is, and "
            "master is not set. Give master, the URL of its API server, as "
            '"k8s://https://host:port"; kubectl cluster-info shows it.'
        )
    if mode is ClusterMode.KUBERNETES_CLUSTER:
        _check_files(conf)
    sized, told = pods(arguments, mode, conf)
    if told:
        say(told)
    interpreter = arguments.python_location
    if arguments.penv_archive is not None:
        interpreter = f"./{ENVIRONMENT_LINK}/bin/python"
    if interpreter is None:
        return [*sized, *rows], {}
    rows.append(Setting("spark.pyspark.python", interpreter, None))
    return [*sized, *rows], {"PYSPARK_PYTHON": interpreter}


def beside_submit(arguments: OrcaArguments, conf: Mapping[str, str]) -> dict[str, str]:
    """Give the settings of Spark's executors that spark-submit has left open.

    Parameters
    ----------
    conf : mapping
        Spark's configuration as spark-submit and the arguments have it.
    """
    rows, told = pods(arguments, ClusterMode.KUBERNETES, conf)
    if told:
        say(told)
    return session.as_conf(rows)


def of_this_pod(environment: Mapping[str, str], account: Path) -> list[Setting]:
    """Give what a process in a pod of the cluster knows of it: where it is, and the namespace.

    Parameters
    ----------
    account : pathlib.Path
        Where the pod's service account is mounted.
    """
    host = environment.get("KUBERNETES_SERVICE_HOST")
    namespace = account / "namespace"
    if host is None or not namespace.is_file():
        return []
    host = f"[{host}]" if ":" in host else host
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    return [
        Setting("spark.master", f"k8s://https://{host}:{port}", None),
        Setting("spark.kubernetes.namespace", namespace.read_text().strip(), None),
    ]


def pods(
    arguments: OrcaArguments, mode: ClusterMode, conf: Mapping[str, str]
) -> tuple[list[Setting], str]:
    """Give what Ray needs in its pods and the user has not set; say what was done.

    That is room beside the JVM's heap, a /dev/shm in memory for the object store and what is on its
    way there, and Spark's word to the executor before its pod ends.

    Parameters
    ----------
    conf : mapping
        Spark's configuration as far as it is known.
    """
    if not arguments.prepare_pods:
        return [], ""
    heap, cores = _overhead.heap_mib(conf, "executor"), _overhead.cores(conf)
    asked = _overhead.asked_store(arguments, conf)
    store = _overhead.default_store(heap) if asked is None else asked
    shared = int(store * _SLACK) + _overhead.staging_mib(conf, store)
    sizes = {"executor": _overhead.overhead(heap, cores, shared).shared_once}
    if mode is ClusterMode.KUBERNETES_CLUSTER:
        driver = _overhead.heap_mib(conf, "driver")
        sizes["driver"] = _overhead.overhead(driver, 1, shared, head=True).shared_once
    wanted = {
        _overhead.STORE_KEY: f"{store}m",
        "spark.decommission.enabled": "true",
        # Waiting for the executors is ours, so that what keeps them is told.
        "spark.scheduler.minRegisteredResourcesRatio": "0",
    }
    if conf.get("spark.kubernetes.executor.deleteOnTermination", "true") == "true":
        # Ours to remove, too, should the driver have no time for it.
        wanted["spark.kubernetes.executor.label.rayonspark.org/sweep"] = "true"
    for role, size in sizes.items():
        wanted[f"spark.{role}.memoryOverhead"] = f"{size}m"
        if not _has_shared_memory(role, conf):
            wanted |= _shared_memory(role, shared)
    rows = [Setting(key, value, None) for key, value in wanted.items() if key not in conf]
    if "spark.executor.memoryOverhead" in conf:
        return rows, ""
    return rows, (
        f"each executor's pod asks for {sizes['executor']} MiB beside its heap of {heap} MiB, so "
        f"that Ray has {cores} workers and a /dev/shm of {shared} MiB, of which the object store "
        f"takes {store} MiB. Another size: extra_executor_memory_for_ray, object_store_memory."
    )


def _has_shared_memory(role: str, conf: Mapping[str, str]) -> bool:
    prefix = f"spark.kubernetes.{role}.volumes."
    return any(
        key.startswith(prefix) and key.endswith(".mount.path") and value == _SHARED_MEMORY
        for key, value in conf.items()
    )


def _shared_memory(role: str, size: int) -> dict[str, str]:
    volume = f"spark.kubernetes.{role}.volumes.emptyDir.{_VOLUME}"
    return {
        f"{volume}.mount.path": _SHARED_MEMORY,
        f"{volume}.options.medium": "Memory",
        f"{volume}.options.sizeLimit": f"{size}Mi",
    }


def _check_files(conf: Mapping[str, str]) -> None:
    """A pod sees no file of this machine's, unless Spark may upload it."""
    if UPLOAD_KEY in conf:
        return
    for key in ("spark.submit.pyFiles", "spark.jars", "spark.archives"):
        local = [
            path
            for path in conf.get(key, "").split(",")
            if path and ("://" not in path or path.startswith("file:"))
        ]
        if local:
            raise InvalidSpecException(
                f"{key} names {local[0]!r}, a file of this machine, and the driver's pod cannot "
                f'see it. Put it into the image and write it as "local:///path", or set '
                f"{UPLOAD_KEY} to a place from which the pods can read."
            )
