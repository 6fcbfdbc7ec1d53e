"""Makes a Ray node become alive sooner, by postponing what nothing waits for.

Ray starts the head's monitor, client server and dashboard before its raylet, and waits for the
dashboard. And every raylet waits for the port file of its dashboard agent, even if
`--dashboard-agent-listen-port` sets the port, because Ray's Python code does not pass it on.
Uses private API of Ray. If a Ray lacks what this changes, it starts in its own order.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, ItemsView
from typing import Any

SIDE_SERVICES = ("start_monitor", "start_ray_client_server", "start_api_server")
FORK_SUPPORT = "GRPC_ENABLE_FORK_SUPPORT"
LIMIT_S = 15.0
"""Limit of the postponement: a missing worker must not keep the dashboard from starting."""


def tell_raylet_its_agent_port(arguments: list[str]) -> None:
    """Passes the raylet its agent's port on the command line, so that it need not wait for it."""
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


def start_side_services_when(
    ready: threading.Event, *, client_server: bool, dashboard: bool
) -> None:
    """Starts the head's raylet first, and the services for users once the cluster is `ready`.

    The server for Ray Client, which no option of `ray start` turns off, starts only on request. So
    does the dashboard's process, which Ray starts even with `--include-dashboard=false`.
    """
    node_class = getattr(_module("ray._private.node"), "Node", None)
    if not all(hasattr(node_class, name) for name in (*SIDE_SERVICES, "start_ray_processes")):
        return
    node_class.start_ray_client_server = _without_fork_support(node_class.start_ray_client_server)
    deferred: list[Callable[[], None]] = []
    for name in SIDE_SERVICES:
        setattr(node_class, name, _defer(getattr(node_class, name), deferred))
    if not client_server:
        node_class.start_ray_client_server = _start_nothing
    if not dashboard:
        node_class.start_api_server = _start_nothing
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


def _without_fork_support(start: Callable[..., None]) -> Callable[..., None]:
    """Starts a process whose gRPC does nothing when it forks.

    The server for Ray Client forks for each client. With gRPC's default, gRPC's threads start again
    in the child, lose their file descriptors before the child executes Python, and may abort it.
    """

    def start_without(*args: Any, **options: Any) -> None:
        before = os.environ.get(FORK_SUPPORT)
        os.environ[FORK_SUPPORT] = "0"
        try:
            start(*args, **options)
        finally:
            del os.environ[FORK_SUPPORT]
            if before is not None:
                os.environ[FORK_SUPPORT] = before

    return start_without


def _defer(start: Callable[..., None], deferred: list[Callable[[], None]]) -> Callable[..., None]:
    def later(*args: Any, **options: Any) -> None:
        deferred.append(lambda: start(*args, **options))

    return later


def _start_nothing(node: Any, **options: Any) -> None:
    pass


def _follow(ready: threading.Event, deferred: list[Callable[[], None]]) -> None:
    ready.wait(LIMIT_S)
    for start in deferred:
        start()
    # Keep this thread alive: a child gets its parent-death signal when its starting *thread* ends.
    threading.Event().wait()


class _Processes(dict[str, Any]):
    """`ray start --block` iterates over this once a second, while the thread adds processes."""

    def items(self) -> ItemsView[str, Any]:
        return dict(self).items()
