"""Runs one Ray node in this process: says hello, imports Ray, waits to launch, runs `ray start`.

guard.py starts it, and passes the file descriptor for events. `ray start` runs inside this process
because its imports take over a second of CPU, which is also how long the launch takes to arrive.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.metadata
import importlib.util
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

import older_ray
from prestart import start_side_services_when, tell_raylet_its_agent_port

# GCS does not announce that it is up or that a node appears, so a start polls it often.
EAGER_PERIOD_S = 0.1
STEADY_PERIOD_S = 1.0
EAGER_FOR_S = 60.0
CALL_LIMIT_S = 5.0
JOINS = "--address="
# GCS lists a node as dead after five failed checks in a row, by default after 15 s, and whatever
# waits for the node waits for that. A raylet that answers late has as much time as before: a check
# without an answer fails after 10 s. A network that refuses connections may do so for 7 s.
HEALTH_CHECK = ("RAY_health_check_period_ms", "1500")
# Ray's names of the processes without which a node cannot run.
ESSENTIAL = ("raylet", "gcs_server")
# The exit codes of a process that `ray start --block` takes for a requested stop.
EXPECTED_CODES = (0, signal.SIGTERM, -signal.SIGTERM, 128 + signal.SIGTERM)
# The name of an environment variable, and of its value in `ray._private.ray_constants`.
DRAIN_TIMEOUT = "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"
# A draining node gets no notice of its cluster's end. A GCS that restarts is not an end.
CLUSTER_PERIOD_S = 1.0
CLUSTER_FAILURES = 3
NO_DASHBOARD = "--include-dashboard=false"


class Commands:
    """Reads the guard's commands, one JSON object per line; None at the end.

    Replaces stdin, so that Ray's processes do not inherit the pipe.
    """

    def __init__(self) -> None:
        self._fd = os.dup(0)
        self._rest = b""
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)

    def next(self) -> dict[str, Any] | None:
        # Not a buffered file: a daemon thread that waits in one aborts the interpreter at its exit.
        while b"\n" not in self._rest:
            data = os.read(self._fd, 65536)
            if not data:
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        command: dict[str, Any] = json.loads(line)
        return command


class Events:
    """Writes events to the JVM, one JSON object per line."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._fd = fd

    def write(self, **event: object) -> None:
        # A broken pipe means that the JVM is gone; the guard then ends this process.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._fd, json.dumps(event).encode() + b"\n")


def ray_version() -> str | None:
    try:
        return importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        return None


def has_dashboard() -> bool:
    """Tells whether the modules that Ray's dashboard needs are installed, without importing them.

    Uses private API of Ray: the file whose import decides whether Ray starts the dashboard.
    """
    try:
        found = importlib.metadata.distribution("ray").locate_file("ray/dashboard/optional_deps.py")
        imports = ast.walk(ast.parse(Path(str(found)).read_text()))
    except (importlib.metadata.PackageNotFoundError, OSError):
        return True
    names = [name.name for node in imports if isinstance(node, ast.Import) for name in node.names]
    return all(importlib.util.find_spec(name.partition(".")[0]) for name in names)


def warm_up() -> None:
    # Ray reads this while it is imported. By default it drains for 30 s on SIGTERM, too long for a
    # stop; a node drains only on command.
    os.environ.setdefault(DRAIN_TIMEOUT, "0")
    importlib.import_module("ray.scripts.scripts")


def needs_dashboard(arguments: list[str]) -> bool:
    """Tells whether the head starts the dashboard's process, which also sends usage reports."""
    return NO_DASHBOARD not in arguments or os.environ.get("RAY_USAGE_STATS_ENABLED") == "1"


def drain_on_command(commands: Commands, address: str | None, draining: threading.Event) -> None:
    """Waits for a command, and makes Ray drain this node, as it does on SIGTERM with a time limit.

    Ray reads the limit when it gets the signal. A Ray without this limit stops the node at once.
    """
    command = commands.next()
    if command is None:
        return
    constants = importlib.import_module("ray._private.ray_constants")
    setattr(constants, DRAIN_TIMEOUT, float(command["drain"]["timeout_s"]))
    draining.set()
    # To the main thread, which sleeps: a signal to another thread would not wake it.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    # A drain that outlives its cluster only delays the executor's end.
    failures = 0
    while address is not None and failures < CLUSTER_FAILURES:
        time.sleep(CLUSTER_PERIOD_S)
        failures = 0 if accepts(address) else failures + 1
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
    """Yields without end what GCS lists: node id -> (name, alive). Uses private API of Ray."""
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
    """Reports changes in the nodes that GCS lists, as long as this process lives.

    Sets `complete` once GCS lists `expected` nodes as alive.
    """
    while not accepts(address):
        time.sleep(EAGER_PERIOD_S)
    seen: dict[str, bool] = {}
    last_error = ""
    eager_until = time.monotonic() + EAGER_FOR_S
    while True:
        try:
            for nodes in list_nodes(address):
                for node_id, (name, alive) in nodes.items():
                    if seen.get(node_id) != alive:
                        events.write(event="node", name=name, id=node_id, alive=alive)
                        eager_until = time.monotonic() + EAGER_FOR_S
                seen = {node_id: alive for node_id, (_, alive) in nodes.items()}
                if sum(seen.values()) >= expected:
                    complete.set()
                eager = time.monotonic() < eager_until
                time.sleep(EAGER_PERIOD_S if eager else STEADY_PERIOD_S)
        except Exception as error:  # Ray's RPC errors have no common class.
            if str(error) != last_error:
                last_error = str(error)
                sys.stderr.write(f"GCS at {address} does not answer: {last_error}\n")
            time.sleep(EAGER_PERIOD_S)


def end_with_raylet(draining: threading.Event) -> None:
    """Makes `ray start --block` end the node when its raylet or GCS has ended without an error.

    A raylet whose agent died ends with code 0, which Ray takes for a requested stop: the node would
    live on without a raylet. A drain is such a request. Uses private API of Ray.
    """
    node_class: Any = importlib.import_module("ray._private.node").Node
    dead_processes = getattr(node_class, "dead_processes", None)
    if dead_processes is None:
        return

    def end_if_needed(node: Any) -> Any:
        dead = dead_processes(node)
        for kind, process in dead:
            # Ray itself ends the node for other codes, with the process's last output.
            expected = process.returncode in EXPECTED_CODES
            if kind in ESSENTIAL and expected and not draining.is_set():
                sys.stderr.write(f"The process {kind} ended with code {process.returncode}.\n")
                node.kill_all_processes(check_alive=False, allow_graceful=False)
                os._exit(1)
        return dead

    node_class.dead_processes = end_if_needed


def main() -> None:
    events = Events(int(sys.argv[1]))
    # The node's directory: Ray must not import from it.
    sys.path.remove(str(Path(__file__).absolute().parent))
    version = ray_version()
    events.write(
        event="hello",
        pid=os.getpid(),
        python=platform.python_version(),
        ray=version,
        dashboard=has_dashboard(),
    )
    if version is not None:
        warm_up()
    commands = Commands()
    command = commands.next()
    if command is None or "launch" not in command:
        return
    launch: dict[str, Any] = command["launch"]
    if version is None:
        sys.exit(f"{sys.executable} has no Ray")
    os.environ.update(launch["environment"])
    os.environ.setdefault(*HEALTH_CHECK)
    arguments = older_ray.fit(version, launch["arguments"])
    if older_ray.raylet_takes_agent_port(version):
        tell_raylet_its_agent_port(arguments)
    if launch["watch_gcs"]:
        complete = threading.Event()
        start_side_services_when(
            complete,
            client_server=launch["client_server"],
            dashboard=needs_dashboard(arguments),
        )
        watched = (launch["watch_gcs"], launch["nodes"], complete, events)
        threading.Thread(target=watch, args=watched, daemon=True).start()
    gcs = next((a[len(JOINS) :] for a in arguments if a.startswith(JOINS)), None)
    draining = threading.Event()
    threading.Thread(target=drain_on_command, args=(commands, gcs, draining), daemon=True).start()
    end_with_raylet(draining)
    from ray.scripts.scripts import main as ray_command

    sys.argv = ["ray", *arguments]
    ray_command()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
