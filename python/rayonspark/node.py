"""One Ray node in the list of a cluster's nodes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["RayNode"]

_CAPITAL = re.compile("[A-Z]")


@dataclasses.dataclass(frozen=True)
class RayNode:
    """A snapshot of one Ray node.

    Attributes
    ----------
    ray_node_id : str or None
        Ray's id of the node, in hexadecimal digits; None until Ray lists the node.
    role : str
        "head" or "worker".
    host : str
        The address to which the node binds.
    executor_id : str
        Id of the Spark executor that the node runs next to; "driver" for the head.
    pid : int or None
        Process id of the node's ``ray start`` on its host; None until it runs.
    cpus, gpus : float
        CPUs and GPUs that the node offers to Ray.
    memory, object_store_memory : int
        Bytes for the heaps of Ray's workers, and bytes of the object store.
    state : str
        "waiting", "preparing", "offered", "planned", "launched", "alive", "draining", "restarting",
        "lost", "drained", "failed" or "stopped".
    restarts : int
        How often the node has been restarted.
    ports : mapping of str to int
        The node's ports by name, such as "gcs" and "node_manager".
    log_directory : str
        Directory that keeps the node's logs after its end.
    """

    ray_node_id: str | None
    role: str
    host: str
    executor_id: str
    pid: int | None
    cpus: float
    gpus: float
    memory: int
    object_store_memory: int
    state: str
    restarts: int
    ports: Mapping[str, int]
    log_directory: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> RayNode:
        """Convert the map that the JVM returns for a node, with keys in camel case."""
        spelt = {_CAPITAL.sub(lambda found: f"_{found[0].lower()}", key): key for key in values}
        known = {name: values[spelt[name]] for name in cls.names()}
        # Values that are not known yet are empty text and 0 in Java.
        known["ray_node_id"] = known["ray_node_id"] or None
        known["pid"] = known["pid"] or None
        return cls(**known)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all fields, in order."""
        return tuple(field.name for field in dataclasses.fields(cls))
