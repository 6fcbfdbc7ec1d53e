"""Makes this process join the head rather than another Ray node of its host.

Uses private API of Ray, checked in 2.41 to 2.60: ``services.get_node_to_connect_for_driver``. Since
2.54 it prefers the head. Before that, it chooses any node with the driver's address. If executors
run on the driver's host, that may be a worker, and the driver is lost with that worker's raylet.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def preferred() -> Iterator[None]:
    """Make ``ray.init`` join the head if the head has this host's address."""
    services: Any = import_module("ray._private.services")
    choose = services.get_node_to_connect_for_driver
    if "gcs_address" not in inspect.signature(choose).parameters:
        yield  # 2.54 and later
        return

    def head_or_any(gcs_address: str, host: str) -> Any:
        return _head(gcs_address, host) or choose(gcs_address, host)

    services.get_node_to_connect_for_driver = head_or_any
    try:
        yield
    finally:
        services.get_node_to_connect_for_driver = choose


def _head(gcs_address: str, host: str) -> dict[str, Any] | None:
    raylet: Any = import_module("ray._raylet")
    info: Any = import_module("ray.core.generated.gcs_pb2").GcsNodeInfo
    for node in raylet.GcsClient(address=gcs_address).get_all_node_info().values():
        alive = node.state == info.ALIVE
        if node.is_head_node and alive and node.node_manager_address == host:
            return {
                "object_store_socket_name": node.object_store_socket_name,
                "raylet_socket_name": node.raylet_socket_name,
                "node_manager_port": node.node_manager_port,
                "node_id": node.node_id.hex(),
            }
    return None
