"""How much memory a container needs beside the JVM's heap when a Ray node is in it: pure."""

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
"""The raylet, the agents and what keeps them; about 300 MiB were seen with Ray 2.60."""
_WORKER_MIB = 512
"""A worker of Ray: about 90 MiB before the user's own code has imported anything."""
_HEAD_MIB = 512
"""GCS and the dashboard, where the head is in a container too."""
_STORE_FLOOR_MIB = 256
_STAGING_PART = 4
"""The JVM's own default: a quarter of the object store waits in staging."""


@dataclass(frozen=True)
class Overhead:
    """Memory of a container beside the JVM's heap, in MiB.

    Attributes
    ----------
    shared_once
        What is needed where a page that several processes map is counted once, as control groups
        do.
    shared_each
        What is needed where it counts for each process, as on YARN by default: then each worker
        that maps the whole store counts as much as the store has.
    """

    shared_once: int
    shared_each: int

    def by(self, *, shared_once: bool) -> int:
        """Give what is needed on a cluster that counts shared pages once, or for each process."""
        return self.shared_once if shared_once else self.shared_each


def overhead(heap: int, workers: int, store: int, *, head: bool = False) -> Overhead:
    """Size a container for Ray.

    Parameters
    ----------
    heap : int
        MiB of the JVM's heap.
    workers : int
        Processes of the user's that map the object store: Ray's workers, one for each core of an
        executor; or the program itself in the driver's container.
    store : int
        MiB of the object store.
    head : bool, optional
        Whether Ray's head is there. Default: another node.
    """
    jvm = jvm_mib(heap)
    node = _NODE_MIB + (_HEAD_MIB if head else 0)
    once = jvm + node + workers * _WORKER_MIB + store
    return Overhead(once, once + workers * store)


def jvm_mib(heap: int) -> int:
    """Give Spark's own default of what a JVM needs beside a heap of so many MiB."""
    return max(_JVM_MIB, int(heap * _JVM_FACTOR))


def heap_mib(conf: Mapping[str, str], role: str) -> int:
    """Give the heap of the driver's or an executor's JVM as Spark's configuration has it."""
    key = f"spark.{role}.memory"
    return mib(key, conf.get(key, "1g"))


def cores(conf: Mapping[str, str]) -> int:
    """Give the cores of an executor as Spark's configuration has them."""
    return int(conf.get("spark.executor.cores", "1"))


def asked_store(arguments: OrcaArguments, conf: Mapping[str, str]) -> int | None:
    """Give the MiB of the object store that the user asked for; None for none."""
    asked = arguments.object_store_memory or conf.get(STORE_KEY)
    return None if asked is None else _ray_mib("object_store_memory", asked)


def default_store(heap: int) -> int:
    """Give the MiB of an object store that nobody asked for."""
    return max(_STORE_FLOOR_MIB, heap // 4)


def staging_mib(conf: Mapping[str, str], store: int) -> int:
    """Give the MiB of what may be on its way between Spark and Ray at once."""
    asked = conf.get(STAGING_KEY)
    return store // _STAGING_PART if asked is None else _ray_mib(STAGING_KEY, asked)


def _ray_mib(name: str, size: str | int) -> int:
    """Ray's sizes are bytes when they are bare numbers, Spark's MiB."""
    text = str(size).strip()
    return mib(name, f"{text}b" if text.isdigit() else text)
