"""Runs one Ray node in this process: says hello, warms up, waits for its plan, and is `ray start`.

Started by guard.py with the descriptor on which events are written. `ray start` runs inside this
process because its imports cost more than a second of CPU, and the plan takes that long to arrive.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import json
import os
import platform
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from early_start import start_side_services_when, tell_raylet_its_agent_port

# GCS tells nobody when it is up, or when a node appears. A start asks often.
EAGER_PERIOD_S = 0.1
STEADY_PERIOD_S = 1.0
EAGER_FOR_S = 60.0
CALL_LIMIT_S = 5.0
JOINS = "--address="
# Of an environment variable, and of what Ray makes of it in `ray._private.ray_constants`.
DRAIN_TIMEOUT = "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"
# Nobody tells a node that drains of its cluster's end; a GCS that starts again is no end.
CLUSTER_PERIOD_S = 1.0
CLUSTER_LOOKS = 3


class Orders:
    """Reads one JSON object a line from the guard; None at the end.

    It takes the pipe away from Ray's processes, which shall not inherit it.
    """

    def __init__(self) -> None:
        self._fd = os.dup(0)
        self._rest = b""
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)

    def next(self) -> dict[str, Any] | None:
        # No buffered file: a daemon thread that waits in one aborts the interpreter's end.
        while b"\n" not in self._rest:
            data = os.read(self._fd, 65536)
            if not data:
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        order: dict[str, Any] = json.loads(line)
        return order


class Events:
    """Writes one JSON object a line to the JVM."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._fd = fd

    def say(self, **event: object) -> None:
        # A broken pipe: the JVM is gone, and the guard will end this process.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._fd, json.dumps(event).encode() + b"\n")


def ray_version() -> str | None:
    try:
        return importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        return None


def warm_up() -> None:
    # Ray reads this while it is imported. Its default is a drain of 30 s, which a stop cannot wait
    # for; a node that shall drain is told so.
    os.environ.setdefault(DRAIN_TIMEOUT, "0")
    importlib.import_module("ray.scripts.scripts")


def drain_when_told(orders: Orders, address: str | None) -> None:
    """Has Ray drain this node, as it does at SIGTERM when it is given time.

    Ray's own limit of that time is read at the signal. Where a Ray does not know it, the node stops
    at once.
    """
    order = orders.next()
    if order is None:
        return
    constants = importlib.import_module("ray._private.ray_constants")
    setattr(constants, DRAIN_TIMEOUT, float(order["drain"]["timeout_s"]))
    # The main thread sleeps; a signal to another thread would not wake it.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    # A drain that outlives its cluster holds up the executor, for nothing.
    looks = 0
    while address is not None and looks < CLUSTER_LOOKS:
        time.sleep(CLUSTER_PERIOD_S)
        looks = 0 if accepts(address) else looks + 1
    if address is not None:
        os.kill(os.getpid(), signal.SIGKILL)


def accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CALL_LIMIT_S).close()
        return True
    except OSError:
        return False


def list_nodes(address: str) -> Iterator[dict[str, tuple[str, bool]]]:
    """Endless: node id -> (name, alive), as GCS lists them. All of Ray's private API is here."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]
    from ray.core.generated.gcs_pb2 import GcsNodeInfo  # type: ignore[attr-defined]

    client = GcsClient(address=address)
    while True:
        listed = client.get_all_node_info(timeout=CALL_LIMIT_S)
        yield {
            node.node_id.hex(): (node.node_name, node.state == GcsNodeInfo.ALIVE)
            for node in listed.values()
        }


def watch(address: str, expected: int, complete: threading.Event, events: Events) -> None:
    """Reports what GCS lists, for as long as this process lives.

    Sets `complete` once it lists `expected` nodes as alive.
    """
    while not accepts(address):
        time.sleep(EAGER_PERIOD_S)
    seen: dict[str, bool] = {}
    said = ""
    eager_until = time.monotonic() + EAGER_FOR_S
    while True:
        try:
            for nodes in list_nodes(address):
                for node_id, (name, alive) in nodes.items():
                    if seen.get(node_id) != alive:
                        events.say(event="node", name=name, id=node_id, alive=alive)
                        eager_until = time.monotonic() + EAGER_FOR_S
                seen = {node_id: alive for node_id, (_, alive) in nodes.items()}
                if sum(seen.values()) >= expected:
                    complete.set()
                eager = time.monotonic() < eager_until
                time.sleep(EAGER_PERIOD_S if eager else STEADY_PERIOD_S)
        except Exception as error:  # Ray's RPC errors have no common class
            if str(error) != said:
                said = str(error)
                sys.stderr.write(f"GCS at {address} does not answer: {said}\n")
            time.sleep(EAGER_PERIOD_S)


def main() -> None:
    events = Events(int(sys.argv[1]))
    # The node's own directory: nothing in it is a module.
    sys.path.remove(str(Path(__file__).absolute().parent))
    version = ray_version()
    events.say(event="hello", pid=os.getpid(), python=platform.python_version(), ray=version)
    if version is not None:
        warm_up()
    orders = Orders()
    order = orders.next()
    if order is None or "launch" not in order:
        return
    launch: dict[str, Any] = order["launch"]
    if version is None:
        sys.exit(f"{sys.executable} has no Ray")
    os.environ.update(launch["environment"])
    tell_raylet_its_agent_port(launch["arguments"])
    if launch["watch_gcs"]:
        complete = threading.Event()
        start_side_services_when(complete)
        watched = (launch["watch_gcs"], launch["nodes"], complete, events)
        threading.Thread(target=watch, args=watched, daemon=True).start()
    gcs = next((a[len(JOINS) :] for a in launch["arguments"] if a.startswith(JOINS)), None)
    threading.Thread(target=drain_when_told, args=(orders, gcs), daemon=True).start()
    from ray.scripts.scripts import main as ray_command

    sys.argv = ["ray", *launch["arguments"]]
    ray_command()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
