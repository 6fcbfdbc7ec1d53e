"""One Ray node as the cluster's handle lists it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["RayNode"]

_CAPITAL = re.compile("[A-Z]")


@dataclasses.dataclass(frozen=True)
class RayNode:
    """What is known of one Ray node at the moment of asking.

    Attributes
    ----------
    ray_node_id : str or None
        Ray's id of the node, in hex; None until Ray lists it.
    role : str
        "head" or "worker".
    host : str
        The address that the node binds.
    executor_id : str
        The Spark executor that it runs beside; "driver" for the head.
    pid : int or None
        Process id of its ``ray start`` on its host; None until it runs.
    cpus, gpus : float
        What the node offers to Ray.
    memory, object_store_memory : int
        Bytes.
    state : str
        "waiting", "preparing", "offered", "planned", "launched", "alive", "draining", "restarting",
        "lost", "drained", "failed" or "stopped".
    restarts : int
        How often it has been started again.
    ports : mapping of str to int
        Its ports by name, such as "gcs" and "node_manager".
    log_directory : str
        Where its logs stay when it is gone.
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
        """Read the map that the JVM gives for a node, with names in its own spelling."""
        spelt = {_CAPITAL.sub(lambda found: f"_{found[0].lower()}", key): key for key in values}
        known = {name: values[spelt[name]] for name in cls.names()}
        # What is not there yet is empty text and 0 in Java.
        known["ray_node_id"] = known["ray_node_id"] or None
        known["pid"] = known["pid"] or None
        return cls(**known)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of all fields, in order."""
        return tuple(field.name for field in dataclasses.fields(cls))
