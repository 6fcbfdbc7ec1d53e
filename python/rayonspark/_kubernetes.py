"""Settings for Kubernetes before Spark starts: the API server, and what Ray needs in a pod."""

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
"""Where Kubernetes mounts the service account of the pod that this process runs in."""

_SHARED_MEMORY = "/dev/shm"
_VOLUME = "rayonspark-shm"
_SLACK = 1.05
"""Ray needs some room beyond the store: by default it uses only 95 % of the free /dev/shm."""

UPLOAD_KEY = "spark.kubernetes.file.upload.path"
"""Key for the location to which spark-submit uploads local files for the pods."""


def prepare(arguments: OrcaArguments, mode: ClusterMode) -> tuple[list[Setting], dict[str, str]]:
    """Return Spark's settings, and the environment variables for the launch of its JVM.

    Raises
    ------
    InvalidSpecException
        The URL of the API server is not known, or an argument does not fit the mode.
    """
    rows = [*of_this_pod(os.environ, _ACCOUNT), *session.settings(arguments, mode)]
    conf = session.as_conf(rows)
    if not is_kubernetes(conf.get("spark.master", "")):
        raise InvalidSpecException(
            f"cluster_mode={mode.value!r} needs to know where the Kubernetes cluster is, and "
            "master is not set. Set master to the URL of its API server, "
            '"k8s://https://host:port"; kubectl cluster-info shows it.'
        )
    if mode is ClusterMode.KUBERNETES_CLUSTER:
        _check_files(conf)
    sized, notice = pods(arguments, mode, conf)
    if notice:
        say(notice)
    interpreter = arguments.python_location
    if arguments.penv_archive is not None:
        interpreter = f"./{ENVIRONMENT_LINK}/bin/python"
    if interpreter is None:
        return [*sized, *rows], {}
    rows.append(Setting("spark.pyspark.python", interpreter, None))
    return [*sized, *rows], {"PYSPARK_PYTHON": interpreter}


def settings_after_submit(arguments: OrcaArguments, conf: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of Spark's executors that spark-submit has left open.

    Parameters
    ----------
    conf : mapping
        Spark's configuration, from spark-submit and the arguments.
    """
    rows, notice = pods(arguments, ClusterMode.KUBERNETES, conf)
    if notice:
        say(notice)
    return session.as_conf(rows)


def of_this_pod(environment: Mapping[str, str], account: Path) -> list[Setting]:
    """Return the API server and the namespace of the pod that this process runs in.

    Parameters
    ----------
    environment : mapping of str to str
        Environment variables of this process.
    account : pathlib.Path
        Directory where the pod's service account is mounted.

    Returns
    -------
    list of Setting
        Empty when this process does not run in a pod.
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
    """Return the settings that Ray needs in its pods and the user has not made, and a notice.

    The settings ask for memory on top of the JVM's heap and for an in-memory /dev/shm with room for
    the object store and the staging. They also make Spark notify an executor before its pod ends.

    Parameters
    ----------
    conf : mapping
        Spark's configuration as far as it is known.

    Returns
    -------
    tuple of list of Setting and str
        The notice tells the user how the executors' pods are sized. It is empty when the user sized
        them.
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
        # RayOnSpark itself waits for the executors, to report what delays them.
        "spark.scheduler.minRegisteredResourcesRatio": "0",
        "spark.executor.maxNumFailures": str(_failures(conf)),
    }
    if conf.get("spark.kubernetes.executor.deleteOnTermination", "true") == "true":
        # A later start may remove these pods if the driver dies before it removes them itself.
        wanted["spark.kubernetes.executor.label.rayonspark.org/sweep"] = "true"
    for role, size in sizes.items():
        wanted[f"spark.{role}.memoryOverhead"] = f"{size}m"
        if not _has_shared_memory(role, conf):
            wanted |= _shared_memory(role, shared)
    rows = [Setting(key, value, None) for key, value in wanted.items() if key not in conf]
    if "spark.executor.memoryOverhead" in conf:
        return rows, ""
    return rows, (
        f"each executor's pod asks for {sizes['executor']} MiB on top of its heap of {heap} MiB, "
        f"so that Ray has {cores} workers and a /dev/shm of {shared} MiB, of which the object "
        f"store takes {store} MiB. To change this, set extra_executor_memory_for_ray or "
        "object_store_memory."
    )


def _failures(conf: Mapping[str, str]) -> int:
    """Return how many executors may fail: ten more attempts at all pods than Spark's own limit.

    At its own limit, Spark's JVM exits before RayOnSpark can report why the pods fail.
    """
    instances = int(conf.get("spark.executor.instances", "2"))
    return max(3, 2 * instances) + 10 * instances


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
    """Raise an error for a local file that Spark does not upload: the pods cannot read it."""
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
                f'read it. Put it into the image and write it as "local:///path", or set '
                f"{UPLOAD_KEY} to a location that the pods can read."
            )
