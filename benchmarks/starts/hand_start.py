"""By hand: `ray start` for head and workers, then connect the driver, as fast as possible."""

from __future__ import annotations

import socket
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starts.hand_node import HandNode, head_arguments, worker_arguments
from starts.ports import HeldPorts
from starts.request import CORES_PER_EXECUTOR, StartRequest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLL_S = 0.02
"""Polling period of GCS: it announces neither itself nor new nodes to a process outside Ray."""

ALIVE = 0
"""`GcsNodeInfo.GcsNodeState.ALIVE` of Ray's protocol."""

ANSWER_TIMEOUT_S = 1.0
DEADLINE_S = 120.0
STOP_GRACE_S = 10.0


class HandStart:
    """Starts workers as soon as GCS answers; explicit ports, and a temp directory for each node."""

    auth_mode = "token"
    slots_error = ""

    def __init__(self) -> None:
        self._nodes: list[HandNode] = []

    def start(self, spark: SparkSession, request: StartRequest) -> dict[str, float]:
        """Return when the driver is connected; the marks are the steps on the way."""
        called = time.monotonic()
        deadline = called + DEADLINE_S
        marks: dict[str, float] = {}
        host = socket.gethostbyname(spark.sparkContext.getConf().get("spark.driver.host") or "")

        held = [HeldPorts(host) for _ in range(1 + request.nodes)]
        arguments, environment, gcs = head_arguments(host, held[0], dashboard=request.dashboard)
        plans = [worker_arguments(host, ports, gcs, CORES_PER_EXECUTOR) for ports in held[1:]]
        held[0].release()
        self._launch("head", arguments, environment, request)
        marks["head exec"] = time.monotonic() - called

        import ray  # while the head's own interpreter imports it

        gcs_client = import_module("ray._raylet").GcsClient

        marks["driver imported ray"] = time.monotonic() - called
        self._await_port(gcs, deadline)
        marks["GCS port accepts"] = time.monotonic() - called
        client = self._await_answer(gcs_client, gcs, deadline)
        marks["GCS answers"] = time.monotonic() - called
        for index, plan in enumerate(plans, start=1):
            held[index].release()
            self._launch(f"w{index}", plan, {}, request)
        marks["workers exec"] = time.monotonic() - called
        # ray.init looks for the local raylet only once a second, so poll GCS before calling it.
        while not self._head_alive(client):
            self._pause(deadline, "the head's raylet is alive")
        marks["head alive"] = time.monotonic() - called
        ray.init(address=gcs)
        marks["driver connected"] = time.monotonic() - called
        return marks

    def stop(self) -> None:
        """Send SIGTERM to each started process, wait for its end, and remove the directories."""
        import ray

        ray.shutdown()
        # Workers first, so that they can sign off from a GCS that still runs.
        workers = self._nodes[1:]
        for node in workers:
            node.terminate()
        for node in workers:
            node.wait(STOP_GRACE_S)
        for node in self._nodes[:1]:
            node.terminate()
            node.wait(STOP_GRACE_S)
        for node in self._nodes:
            node.remove_directory()

    def _launch(
        self, name: str, arguments: list[str], environment: dict[str, str], request: StartRequest
    ) -> None:
        self._nodes.append(HandNode(name, arguments, environment, f"{request.ray_temp_dir}/{name}"))

    def _await_port(self, address: str, deadline: float) -> None:
        host, _, port = address.rpartition(":")
        while True:
            try:
                socket.create_connection((host, int(port)), timeout=1.0).close()
                return
            except OSError:
                self._pause(deadline, "GCS accepts a connection")

    def _await_answer(self, client_type: Any, address: str, deadline: float) -> Any:
        while True:
            try:
                client = client_type(address=address)
                client.get_all_node_info(timeout=ANSWER_TIMEOUT_S)
                return client
            except Exception:  # while GCS starts, Ray raises various types
                self._pause(deadline, "GCS answers a call")

    @staticmethod
    def _head_alive(client: Any) -> bool:
        nodes = client.get_all_node_info(timeout=ANSWER_TIMEOUT_S).values()
        return any(node.is_head_node and node.state == ALIVE for node in nodes)

    def _pause(self, deadline: float, awaited: str) -> None:
        for node in self._nodes:
            node.check_running()
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {DEADLINE_S:.0f} s until {awaited}.")
        time.sleep(POLL_S)
