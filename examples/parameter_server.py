"""An asynchronous parameter server in Ray, with Spark jobs before, during and after it.

An actor holds the parameters. Two workers on different Ray nodes read the parameters, compute an
update and send it, without waiting for each other. One program runs all of it.

    python examples/parameter_server.py
    python examples/parameter_server.py --cluster-mode local --cores 2
    python examples/parameter_server.py --cluster-mode standalone --master spark://host:7077
    python examples/parameter_server.py --cluster-mode k8s --master k8s://… --container-image …
"""

from __future__ import annotations

import argparse
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rayonspark import OrcaContext, init_orca_context, stop_orca_context

if TYPE_CHECKING:
    from pyspark import SparkContext

WORKERS = 2
PRINT_EVERY_S = 0.5


@ray.remote(num_cpus=0)
class ParameterServer:
    """Holds the parameters, and counts the applied updates."""

    def __init__(self, dim: int) -> None:
        self.parameters = np.zeros(dim)
        self.updates = 0

    def read(self) -> np.ndarray:
        return self.parameters

    def apply(self, update: np.ndarray) -> None:
        self.parameters = self.parameters + update
        self.updates += 1

    def count(self) -> int:
        return self.updates


@ray.remote
def worker(server: Any, num_iters: int, dim: int, sleep_s: float) -> str:
    """Send `num_iters` updates to the server; return the id of the node that this task ran on."""
    for _ in range(num_iters):
        parameters = ray.get(server.read.remote())
        ray.get(server.apply.remote(1e-3 * parameters + np.ones(dim)))
        # In place of the computation of a real gradient.
        time.sleep(sleep_s)
    return ray.get_runtime_context().get_node_id()


def sum_of_squares(sc: SparkContext, numbers: int, when: str) -> None:
    """Run a Spark job, and print how many executor processes took part."""

    def partial(part: Any) -> Any:
        # The parent of a Python worker is the daemon of its executor.
        yield sum(number * number for number in part), (socket.gethostname(), os.getppid())

    parts = sc.parallelize(range(numbers), 2 * WORKERS).mapPartitions(partial).collect()
    total = sum(subtotal for subtotal, _ in parts)
    expected = sum(number * number for number in range(numbers))
    assert total == expected, f"Spark computed {total}, not {expected}"
    executors = len({daemon for _, daemon in parts})
    print(f"Spark, {when}: sum of squares {total}, computed by {executors} executor process(es)")


def nodes_for_workers() -> list[str]:
    """Return a Ray node for each worker; different nodes if there are several."""
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and has_cpus(node)]
    return [nodes[number % len(nodes)] for number in range(WORKERS)]


def has_cpus(node: dict[str, Any]) -> bool:
    """Return whether a node has CPUs for tasks; except in local mode, the head has none."""
    return node["Resources"].get("CPU", 0) > 0


def train(sc: SparkContext, arguments: argparse.Namespace) -> None:
    """Run the parameter server and its workers, with a Spark job in the middle."""
    server = ParameterServer.remote(arguments.dim)
    ray.get(worker.remote(server, 1, arguments.dim, 0.0))
    print(f"Ray, trial call: {ray.get(server.count.remote())} update")

    node_ids = nodes_for_workers()
    running = [
        worker.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False)
        ).remote(server, arguments.num_iters, arguments.dim, arguments.sleep_s)
        for node_id in node_ids
    ]
    sum_of_squares(sc, 1_000, "while Ray works")
    pending = running
    while pending:
        _, pending = ray.wait(pending, num_returns=len(pending), timeout=PRINT_EVERY_S)
        print(f"Ray, parameters: {np.array2string(ray.get(server.read.remote()), precision=3)}")

    updates = ray.get(server.count.remote())
    expected = WORKERS * arguments.num_iters + 1
    assert updates == expected, f"the server counted {updates} updates, not {expected}"
    ran_on = ray.get(running)
    assert ran_on == node_ids, f"the workers ran on {ran_on}, not on {node_ids}"
    print(f"Ray, updates: {updates} = {WORKERS} workers * {arguments.num_iters} + 1 trial call")
    print(f"Ray, nodes of the workers: {', '.join(ran_on)}")
    if arguments.cluster_mode != "local":
        assert len(set(ran_on)) == WORKERS, f"the workers shared a node: {ran_on}"


def main() -> None:
    """Start Spark with Ray, train between Spark jobs, and stop both."""
    arguments = parse_arguments()
    optional = {"master": arguments.master, "container_image": arguments.container_image}
    sc = init_orca_context(
        cluster_mode=arguments.cluster_mode,
        cores=arguments.cores,
        memory=arguments.memory,
        num_nodes=WORKERS,
        init_ray_on_spark=True,
        object_store_memory=arguments.object_store_memory,
        conf={"spark.ui.showConsoleProgress": False, **dict(arguments.conf)},
        **{name: value for name, value in optional.items() if value is not None},
    )
    try:
        ray_ctx = OrcaContext.get_ray_context()
        print(f"Spark runs at {sc.master}, Ray at {ray_ctx.redis_address}")
        for node in ray_ctx.cluster.nodes:
            print(f"  {node.role} on executor {node.executor_id}, {node.cpus:g} CPUs")
        sum_of_squares(sc, 100, "before Ray works")
        train(sc, arguments)
        sum_of_squares(sc, 10_000, "after Ray has worked")
    finally:
        stop_orca_context()
    print("Both are stopped.")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cluster-mode", default="standalone", help="default: %(default)s")
    parser.add_argument(
        "--master",
        help="URL of a standalone or Kubernetes cluster; default: a cluster on this machine",
    )
    parser.add_argument("--container-image", help="image of the pods on Kubernetes")
    parser.add_argument(
        "--conf", action="append", type=key_and_value, default=[], metavar="KEY=VALUE"
    )
    parser.add_argument("--cores", type=int, default=1, help="cores of each executor; default: 1")
    parser.add_argument("--memory", default="1g", help="heap of each executor; default: 1g")
    parser.add_argument("--object-store-memory", default="100m", help="default: %(default)s")
    parser.add_argument(
        "--num-iters", type=int, default=10, help="updates of each worker; default: 10"
    )
    parser.add_argument("--dim", type=int, default=10, help="number of parameters; default: 10")
    parser.add_argument(
        "--sleep-s", type=float, default=0.2, help="seconds to sleep in each update"
    )
    return parser.parse_args()


def key_and_value(text: str) -> tuple[str, str]:
    """Parse a Spark setting, as "KEY=VALUE"."""
    key, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


if __name__ == "__main__":
    main()
