"""A driver that does what the tests ask, one line of JSON at a time.

python driver.py CLUSTER_MODE [ARGUMENTS OF init_orca_context, AS JSON [HOST:PORT]]

The tests use stdin and stdout. If this program runs in a container of the cluster, they listen at
HOST:PORT instead.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import ray
from ray.util.queue import Queue
from rayonspark import OrcaContext, init_orca_context, stop_orca_context

ROWS = 100_000
OBJECT_MIB = 200


@ray.remote
def whoami() -> dict[str, Any]:
    """What a task sees of its container."""
    return {
        "directory": os.environ.get("HADOOP_CONF_DIR"),
        "python": sys.executable,
        "prefix": sys.prefix,
    }


@ray.remote
def cat(path: str) -> str:
    """Read a file with Hadoop's own client, with the class path and configuration of Spark."""
    argv = ["java", "-cp", os.environ["CLASSPATH"], "org.apache.hadoop.fs.FsShell", "-cat", path]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@ray.remote(num_cpus=0)
class Reader:
    """Maps an object of the store, and keeps it."""

    def map(self, array: np.ndarray) -> int:
        self.array = array
        # Read every page: a page counts only after it has been read.
        return int(array[::512].sum())


@ray.remote(num_cpus=0, max_retries=0)
def grow(mib: int, until_s: float) -> None:
    """Outgrow the container, for long enough that YARN notices."""
    held = np.ones(mib << 17)
    time.sleep(until_s)
    del held


@ray.remote(num_cpus=0)
def evaluate(expression: str) -> Any:
    """Evaluate an expression in a worker process."""
    return eval(expression, {"os": os, "shutil": shutil, "sys": sys, "ray": ray})


@ray.remote(num_cpus=0, max_retries=0)
def work(seconds: float, begun: Any) -> str:
    """Work for a while."""
    ray.get(begun.put.remote(True))
    time.sleep(seconds)
    return "slept"


class Driver:
    """Tests call its methods by name."""

    def __init__(self, mode: str, arguments: dict[str, Any]) -> None:
        self.sc = init_orca_context(cluster_mode=mode, **arguments)

    @property
    def cluster(self) -> Any:
        return OrcaContext.get_ray_context().cluster

    def application(self) -> str:
        return str(self.sc.applicationId)

    def nodes(self) -> list[dict[str, Any]]:
        fields = (
            "role",
            "host",
            "executor_id",
            "pid",
            "gpus",
            "state",
            "restarts",
            "log_directory",
        )
        return [{name: getattr(node, name) for name in fields} for node in self.cluster.nodes]

    def executors(self) -> list[str]:
        tracker = self.sc._jsc.sc().statusTracker()
        return [str(info.host()) for info in tracker.getExecutorInfos()]

    def slots(self) -> dict[str, int]:
        """Task slots in use, by executor."""
        summaries = self.sc._jsc.sc().statusStore().executorList(True)
        all_ = [summaries.apply(i) for i in range(summaries.size())]
        return {str(e.id()): int(e.activeTasks()) for e in all_ if e.id() != "driver"}

    def conf(self, key: str) -> str | None:
        return self.sc.getConf().get(key)

    def here(self) -> dict[str, Any]:
        """Return the driver's pid, its JVM's heap and the port of Spark's accumulator server."""
        heap = self.sc._jvm.java.lang.Runtime.getRuntime().maxMemory()
        _, accumulators = self.sc._accumulatorServer.server_address
        return {"pid": os.getpid(), "heap": int(heap), "port": accumulators}

    def count(self) -> int:
        return int(self.sc.parallelize(range(ROWS), 4).count())

    def restart(self, barrier: bool) -> None:
        OrcaContext.get_ray_context().stop()
        OrcaContext.barrier_mode = barrier
        OrcaContext.get_ray_context()

    def tasks(self) -> list[dict[str, Any]]:
        return list(ray.get([whoami.remote() for _ in range(2)]))

    def imported(self, module: str, name: str) -> list[Any]:
        """Return an attribute of a module as a Ray task and a Spark task see it."""

        def attribute(*_: Any) -> Any:
            return getattr(importlib.import_module(module), name)

        in_ray = ray.get(ray.remote(attribute).remote())
        return [in_ray, self.sc.parallelize([0], 1).map(attribute).first()]

    def write(self, path: str, lines: list[str]) -> None:
        """Write text with a Spark job."""
        self.sc.parallelize(lines, 1).saveAsTextFile(path)

    def text_in_spark(self, path: str) -> str:
        """Return a file's text as a Spark task sees it, below its container's directory."""

        def read(_: int) -> str:
            with open(path) as file:
                return file.read()

        return str(self.sc.parallelize([0], 1).map(read).first())

    def read_in_ray(self, path: str) -> str:
        return str(ray.get(cat.remote(path)))

    def round_trip(self) -> dict[str, Any]:
        spark = OrcaContext.get_spark_session()
        dataset = self.cluster.to_ray(spark.range(ROWS))
        there = dataset.sum("id")
        back = self.cluster.to_spark(dataset).groupBy().sum("id").first()[0]
        return {"ray": there, "spark": back, "local": self.cluster.last_exchange.local_share}

    def employ(self, readers: int) -> None:
        """Start readers on each node."""
        ids = [node["NodeID"] for node in ray.nodes() if node["Resources"].get("CPU")]
        self.readers = [
            Reader.options(label_selector={"ray.io/node-id": node}).remote()
            for node in ids
            for _ in range(readers)
        ]
        ray.get([reader.map.remote(np.ones(1)) for reader in self.readers])

    def share(self) -> None:
        """Let all readers map one object and keep it."""
        self.array = ray.put(np.ones(OBJECT_MIB << 17))
        ray.get([reader.map.remote(self.array) for reader in self.readers])

    def dismiss(self) -> None:
        """Kill the readers, and release the object."""
        for reader in self.readers:
            ray.kill(reader)
        del self.array, self.readers

    def outgrow(self, mib: int) -> str:
        """Outgrow a worker's container, and return the error that a user of Ray sees."""
        alive = (n for n in self.cluster.nodes if (n.role, n.state) == ("worker", "alive"))
        there = {"ray.io/node-id": next(alive).ray_node_id}
        try:
            ray.get(grow.options(label_selector=there).remote(mib, 60.0))
        except ray.exceptions.RayError as error:
            return f"{type(error).__name__}: {error}"
        return "nothing happened"

    def on_nodes(self, expression: str) -> dict[str, Any]:
        """Evaluate a Python expression in a task of each worker node, by its executor's id."""
        workers = {n.executor_id: n.ray_node_id for n in self.cluster.nodes if n.role == "worker"}
        seen = [
            evaluate.options(label_selector={"ray.io/node-id": node}).remote(expression)
            for node in workers.values()
        ]
        return dict(zip(workers, ray.get(seen), strict=True))

    def begin(self, executor: str, seconds: float) -> None:
        """Start a task on that executor's node; the task is running when this returns."""
        (there,) = (n.ray_node_id for n in self.cluster.nodes if n.executor_id == executor)
        begun = Queue(actor_options={"num_cpus": 0})
        options = {"label_selector": {"ray.io/node-id": there}}
        self.working = work.options(**options).remote(seconds, begun.actor)
        begun.get()

    def finish(self) -> str:
        """Return the task's result."""
        return str(ray.get(self.working))

    def stop(self) -> None:
        stop_orca_context()


def answer(driver: Driver, questions: Iterable[str], say: Callable[[dict[str, Any]], None]) -> None:
    """Answer questions until there are no more."""
    say({"application": driver.application()})
    for line in questions:
        name, arguments = json.loads(line)
        try:
            value = {"value": getattr(driver, name)(*arguments)}
        except Exception:  # the test decides what it means
            value = {"error": traceback.format_exc()}
        say(value)


def main() -> None:
    """Start the driver, and answer the test's questions."""
    driver = Driver(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
    if len(sys.argv) > 3:
        host, _, port = sys.argv[3].rpartition(":")
        with socket.create_connection((host, int(port))) as test, test.makefile("rw") as lines:
            answer(driver, lines, lambda said: print(json.dumps(said), file=lines, flush=True))
    else:
        answer(driver, sys.stdin, lambda said: print("TEST", json.dumps(said), flush=True))
    stop_orca_context()


if __name__ == "__main__":
    main()
