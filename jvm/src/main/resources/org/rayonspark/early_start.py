"""Takes off a node's way to "alive" what nobody waits for.

Ray starts the head's monitor, client server and dashboard before its raylet, and waits for the
dashboard; and every raylet waits for the port file of its dashboard agent, even when
`--dashboard-agent-listen-port` has said the port: Ray's Python does not pass it on.
All of this is Ray's private API. Where a Ray lacks what is touched here, its own order stays.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, ItemsView
from typing import Any

SIDE_SERVICES = ("start_monitor", "start_ray_client_server", "start_api_server")
LATEST_S = 15.0
"""A worker that never comes shall not keep the dashboard away."""


def tell_raylet_its_agent_port(arguments: list[str]) -> None:
    """The raylet takes its agent's port from the command line, and need not wait for the agent."""
    services = _module("ray._private.services")
    start = getattr(services, "start_ray_process", None)
    option = "--dashboard-agent-listen-port="
    port = next((a.removeprefix(option) for a in arguments if a.startswith(option)), None)
    if start is None or port is None:
        return

    def start_with_port(command: list[str], process_type: str, *args: Any, **options: Any) -> Any:
        if process_type == "raylet":
            command = [*command, f"--dashboard_agent_listen_port={port}"]
        return start(command, process_type, *args, **options)

    setattr(services, "start_ray_process", start_with_port)  # noqa: B010


def start_side_services_when(ready: threading.Event) -> None:
    """The head's raylet goes first; what serves people follows when the cluster is `ready`."""
    node_class = getattr(_module("ray._private.node"), "Node", None)
    if not all(hasattr(node_class, name) for name in (*SIDE_SERVICES, "start_ray_processes")):
        return
    deferred: list[Callable[[], None]] = []
    for name in SIDE_SERVICES:
        setattr(node_class, name, _defer(getattr(node_class, name), deferred))
    start_raylet = node_class.start_ray_processes

    def start_raylet_first(node: Any) -> None:
        node.all_processes = _Processes(node.all_processes)
        start_raylet(node)
        threading.Thread(target=_follow, args=(ready, deferred), daemon=True).start()

    node_class.start_ray_processes = start_raylet_first


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _defer(start: Callable[..., None], deferred: list[Callable[[], None]]) -> Callable[..., None]:
    def later(*args: Any, **options: Any) -> None:
        deferred.append(lambda: start(*args, **options))

    return later


def _follow(ready: threading.Event, deferred: list[Callable[[], None]]) -> None:
    ready.wait(LATEST_S)
    for start in deferred:
        start()
    # A child's parent-death signal comes when the *thread* that started it ends.
    threading.Event().wait()


class _Processes(dict[str, Any]):
    """`ray start --block` walks over its children once a second, while ours are added."""

    def items(self) -> ItemsView[str, Any]:
        return dict(self).items()
