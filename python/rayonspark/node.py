"""One Ray node as the cluster's handle lists it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

__all__ = ["RayNode"]


@dataclasses.dataclass(frozen=True)
class RayNode:
    """What is known of one Ray node at the moment of asking.

    Attributes
    ----------
    node_id : str or None
        Ray's id of the node; None until Ray lists it.
    name : str
        Ray's node name: unique in the cluster, new after each restart.
    role : str
        "head" or "worker".
    host : str
        The address that the node binds.
    executor_id : str
        The Spark executor that it runs beside; "driver" for the head.
    pid : int or None
        Process id of its ``ray start``.
    cpus, gpus : float
        What the node offers to Ray.
    memory, object_store_memory : int
        Bytes.
    state : str
        Such as "starting", "running", "restarting", "lost".
    restarts : int
        How often it has been started again.
    ports : mapping of str to int
        Its ports by purpose.
    log_directory : str
        Where its logs stay when it is gone.
    """

    node_id: str | None = None
    name: str = ""
    role: str = ""
    host: str = ""
    executor_id: str = ""
    pid: int | None = None
    cpus: float = 0
    gpus: float = 0
    memory: int = 0
    object_store_memory: int = 0
    state: str = ""
    restarts: int = 0
    ports: Mapping[str, int] = dataclasses.field(default_factory=dict)
    log_directory: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> RayNode:
        """Read the map that the JVM gives for a node."""
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})
