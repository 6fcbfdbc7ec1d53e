"""One call starts a Ray cluster on the executors, and one call stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from pyspark.sql import SparkSession
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rayonspark import RayCluster

from .leftovers import children_of, command_line, eventually, listening
from .sessions import local_cluster
from .threads import jvm_threads, ours


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with local_cluster(workers=2, cores=2) as session:
        yield session


REFUSAL = "InvalidAuthToken"
"""What Ray says to a client without the token."""


def ray_program(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Another Python process, which knows nothing of this one's connection except `env`."""
    return subprocess.run(
        [sys.executable, *words],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@ray.remote
def node_of_task() -> str:
    return ray.get_runtime_context().get_node_id()


def test_no_cluster_runs_before_one_is_started(spark: SparkSession) -> None:
    assert not ray.is_initialized()
    assert spark.range(10).count() == 10


def test_two_nodes_start_and_run_tasks_and_spark_keeps_its_slots(spark: SparkSession) -> None:
    with RayCluster.start(
        spark, num_nodes=2, cpus_per_node=1, object_store_memory="100m"
    ) as cluster:
        head, *workers = cluster.nodes
        assert cluster.state == "running"
        assert head.role == "head"
        assert head.executor_id == "driver"
        assert head.cpus == 0
        assert {w.executor_id for w in workers} == {"0", "1"}
        assert all(w.state == "alive" and w.cpus == 1 for w in workers)
        assert all(w.object_store_memory == 100 * 1024**2 for w in workers)

        asked = [
            node_of_task.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(w.ray_node_id, soft=False)
            ).remote()
            for w in workers
        ]
        assert ray.get(asked) == [w.ray_node_id for w in workers]
        assert spark.range(1000).repartition(4).count() == 1000
        ports = [port for node in cluster.nodes for port in node.ports.values()]
    assert cluster.state == "stopped"
    assert not ray.is_initialized()
    assert not any(listening(port) for port in ports)


def test_a_cluster_starts_again_after_it_was_stopped(spark: SparkSession) -> None:
    for _ in range(2):
        with RayCluster.start(spark, num_nodes=1, object_store_memory="100m"):
            assert ray.get(node_of_task.remote())


def test_stop_is_idempotent_and_works_after_the_users_own_shutdown(spark: SparkSession) -> None:
    cluster = RayCluster.start(spark, num_nodes=1, object_store_memory="100m")
    ray.shutdown()
    cluster.connect()
    assert ray.get(node_of_task.remote())
    ray.shutdown()
    cluster.stop()
    cluster.stop()
    assert cluster.state == "stopped"


def test_two_clusters_of_one_application_do_not_disturb_each_other(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=2, object_store_memory="100m") as first:
        second = RayCluster.start(spark, num_nodes=2, object_store_memory="100m", connect=False)
        assert first.address != second.address
        first.disconnect()
        second.connect()
        assert len([n for n in ray.nodes() if n["Alive"]]) == 3
        second.stop()
        first.connect()
        assert len([n for n in ray.nodes() if n["Alive"]]) == 3


def test_another_process_reaches_the_cluster_with_its_environment_variables(
    spark: SparkSession,
) -> None:
    with RayCluster.start(spark, num_nodes=1, object_store_memory="100m", connect=False) as cluster:
        assert not ray.is_initialized()
        answers: list[str] = []

        def shows_both_nodes() -> bool:
            answers.append(
                ray_program("-m", "ray.scripts.scripts", "status", env=cluster.env).stdout
            )
            return answers[-1].count("1 node_") == 2

        # Ray's monitor, which answers, starts after the nodes.
        assert eventually(shows_both_nodes, within_s=60), answers[-1]


def test_a_client_is_refused_because_it_lacks_the_token(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=1, object_store_memory="100m", connect=False) as cluster:
        connects = ("-c", f"import ray; ray.init('{cluster.address}'); print('connected')")
        refused = ray_program(*connects, env={"RAY_AUTH_MODE": "disabled"})
        assert refused.returncode != 0
        assert "connected" not in refused.stdout
        assert REFUSAL in refused.stderr, refused
        assert "connected" in ray_program(*connects, env=cluster.env).stdout


def test_the_token_is_in_no_command_line(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=1, object_store_memory="100m") as cluster:
        lines = [command_line(process) for process in children_of(os.getpid())]
        words = ("SparkSubmit", "CoarseGrainedExecutorBackend", "guard.py", "gcs_server", "raylet")
        assert all(any(word in line for line in lines) for word in words), lines
        token = cluster.env["RAY_AUTH_TOKEN"]
        assert [line for line in lines if token in line] == []


def test_no_thread_of_rayonspark_is_left_in_any_jvm(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=2, object_store_memory="100m") as cluster:
        running = jvm_threads(spark)
        assert any(f"rayonspark-{cluster.id}" in name for name in running["driver"])
        assert any("rayonspark-agent" in name for name in running["executors"])
    # An agent's thread ends just after it has reported its end to the driver.
    assert eventually(lambda: not any(map(ours, jvm_threads(spark).values())), within_s=5)


def test_the_token_is_in_no_log(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=1, object_store_memory="100m") as cluster:
        token = cluster.env["RAY_AUTH_TOKEN"].encode()
        head, worker = (Path(node.log_directory) for node in cluster.nodes)
    # An executor's own log is next to the log directory of its node.
    logs = [path for where in (head, worker.parent) for path in where.rglob("*") if path.is_file()]
    assert {"raylet.out", "gcs_server.out", "stderr"} <= {path.name for path in logs}
    assert [path for path in logs if token in path.read_bytes()] == []


def test_address_info_has_the_names_that_ray_uses(spark: SparkSession) -> None:
    with RayCluster.start(spark, num_nodes=1, object_store_memory="100m") as cluster:
        info = cluster.address_info
        names = "node_ip_address object_store_address raylet_socket_name webui_url session_dir"
        assert set(names.split()) <= set(info)
        assert info["redis_address"] == info["gcs_address"] == info["address"] == cluster.address
        assert os.path.exists(info["object_store_address"])
        assert info["node_id"] == cluster.nodes[0].ray_node_id
