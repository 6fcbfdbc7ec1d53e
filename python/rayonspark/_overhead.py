"""How much memory a container with a Ray node needs on top of the JVM's heap. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rayonspark._arguments import OrcaArguments
from rayonspark._sizes import mib

STORE_KEY = "spark.rayonspark.objectStoreMemory"
STAGING_KEY = "spark.rayonspark.stagingMemory"

_JVM_MIB = 384
_JVM_FACTOR = 0.1
_NODE_MIB = 512
"""The raylet, its agents and the guard; measured at about 300 MiB with Ray 2.60."""
_WORKER_MIB = 512
"""A Ray worker; about 90 MiB of it are in use before the user's code has imported anything."""
_HEAD_MIB = 512
"""GCS and the dashboard, where the head runs in a container as well."""
_STORE_FLOOR_MIB = 256
_STAGING_PART = 4
"""Same default as in the JVM: staging is a quarter of the object store."""


@dataclass(frozen=True)
class Overhead:
    """Memory of a container on top of the JVM's heap, in MiB.

    Attributes
    ----------
    shared_once : int
        The need where a page that several processes map counts once, as in control groups.
    shared_each : int
        The need where such a page counts once for each process, as on YARN by default. Each worker
        that maps the whole object store then adds the size of the store.
    """

    shared_once: int
    shared_each: int

    def by(self, *, shared_once: bool) -> int:
        """Return the MiB for a cluster that counts shared pages once, or once for each process."""
        return self.shared_once if shared_once else self.shared_each


def overhead(heap: int, workers: int, store: int, *, head: bool = False) -> Overhead:
    """Size a container for Ray.

    Parameters
    ----------
    heap : int
        MiB of the JVM's heap.
    workers : int
        Processes with user code that map the object store. In an executor these are Ray's workers,
        one for each core. In the driver's container it is the program itself.
    store : int
        MiB of the object store.
    head : bool, optional
        Whether the node is Ray's head. Default: False.
    """
    jvm = jvm_mib(heap)
    node = _NODE_MIB + (_HEAD_MIB if head else 0)
    once = jvm + node + workers * _WORKER_MIB + store
    return Overhead(once, once + workers * store)


def jvm_mib(heap: int) -> int:
    """Return Spark's default for the MiB that a JVM needs on top of a heap of `heap` MiB."""
    return max(_JVM_MIB, int(heap * _JVM_FACTOR))


def heap_mib(conf: Mapping[str, str], role: str) -> int:
    """Return the configured MiB of heap of the JVM with this role: "driver" or "executor"."""
    key = f"spark.{role}.memory"
    return mib(key, conf.get(key, "1g"))


def cores(conf: Mapping[str, str]) -> int:
    """Return the configured cores of an executor."""
    return int(conf.get("spark.executor.cores", "1"))


def asked_store(arguments: OrcaArguments, conf: Mapping[str, str]) -> int | None:
    """Return the MiB of object store that the user asked for; None when the user set no size."""
    asked = arguments.object_store_memory or conf.get(STORE_KEY)
    return None if asked is None else _ray_mib("object_store_memory", asked)


def default_store(heap: int) -> int:
    """Return the MiB of object store for an executor when the user set no size."""
    return max(_STORE_FLOOR_MIB, heap // 4)


def staging_mib(conf: Mapping[str, str], store: int) -> int:
    """Return the MiB of staging: the data that may be in transit between Spark and Ray at once."""
    asked = conf.get(STAGING_KEY)
    return store // _STAGING_PART if asked is None else _ray_mib(STAGING_KEY, asked)


def _ray_mib(name: str, size: str | int) -> int:
    """Read a size of Ray, where a bare number is bytes; in Spark's sizes it is MiB."""
    text = str(size).strip()
    return mib(name, f"{text}b" if text.isdigit() else text)
