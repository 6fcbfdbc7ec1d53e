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
    # for; a user who wants one sets it, and a grace that is longer.
    os.environ.setdefault("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S", "0")
    importlib.import_module("ray.scripts.scripts")


def read_launch() -> dict[str, Any] | None:
    line = sys.stdin.readline()
    # Ray's processes shall not inherit the pipe.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if not line:
        return None
    launch: dict[str, Any] = json.loads(line)["launch"]
    return launch


def accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=CALL_LIMIT_S).close()
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
    host, _, port = address.rpartition(":")
    while not accepts(host.strip("[]"), int(port)):
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
    launch = read_launch()
    if launch is None:
        return
    if version is None:
        sys.exit(f"{sys.executable} has no Ray")
    os.environ.update(launch["environment"])
    tell_raylet_its_agent_port(launch["arguments"])
    if launch["watch_gcs"]:
        complete = threading.Event()
        start_side_services_when(complete)
        watched = (launch["watch_gcs"], launch["nodes"], complete, events)
        threading.Thread(target=watch, args=watched, daemon=True).start()
    from ray.scripts.scripts import main as ray_command

    sys.argv = ["ray", *launch["arguments"]]
    ray_command()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
