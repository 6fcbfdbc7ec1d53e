"""Starts on executors whose slots other Spark jobs hold, or that are lost meanwhile."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyspark.sql import SparkSession
from rayonspark import RayCluster

from .leftovers import command_line, eventually, executors_under
from .sessions import local_cluster

LIMIT_S = 60
GUARD = "guard.py"


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with local_cluster(workers=2, cores=2) as session:
        yield session


@contextlib.contextmanager
def held(spark: SparkSession, slots: int, until: Path) -> Iterator[None]:
    """Runs a Spark job that holds so many slots of each executor until this file exists."""
    path = str(until)

    def hold(_: Any) -> None:
        for slot in range(slots):
            # The daemon of an executor is the parent of its Python workers.
            with contextlib.suppress(FileExistsError):
                os.mkdir(f"{path}-{os.getppid()}-{slot}")
                while not os.path.exists(path):
                    time.sleep(0.1)
                return

    job = threading.Thread(target=lambda: spark.sparkContext.parallelize(range(4), 4).foreach(hold))
    job.start()
    try:
        tracker = spark.sparkContext.statusTracker()
        assert eventually(lambda: running_tasks(tracker) == 2 * slots, within_s=LIMIT_S)
        yield
    finally:
        until.touch()
        job.join()


def running_tasks(tracker: Any) -> int:
    stages = (tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds())
    return sum(stage.numActiveTasks for stage in stages if stage)


@contextlib.contextmanager
def short_jobs(spark: SparkSession) -> Iterator[None]:
    """Runs one job after the other, each of which holds every slot for a second."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            spark.sparkContext.parallelize(range(4), 4).foreach(lambda _: time.sleep(1))

    jobs = threading.Thread(target=run)
    jobs.start()
    try:
        yield
    finally:
        over.set()
        jobs.join()


def start(spark: SparkSession, **fields: Any) -> RayCluster:
    return RayCluster.start(
        spark, num_nodes=2, cpus_per_node=1, object_store_memory="100m", connect=False, **fields
    )


def workers(cluster: RayCluster) -> list[str]:
    return sorted(node.executor_id for node in cluster.nodes if node.state == "alive")[:-1]


def has_node(executor: psutil.Process) -> bool:
    """Whether an executor has started the process of a node, which imports Ray for a second."""
    return any(GUARD in command_line(child) for child in executor.children())


@pytest.mark.parametrize("scheduling", ["barrier", "plain"])
def test_a_start_needs_one_free_slot_of_each_executor(
    spark: SparkSession, tmp_path: Path, scheduling: str
) -> None:
    with (
        held(spark, 1, tmp_path / "go_on"),
        start(spark, scheduling=scheduling, start_timeout=LIMIT_S) as cluster,
    ):
        assert workers(cluster) == ["0", "1"]


def test_a_start_without_free_slots_says_which_job_holds_them_and_takes_them_when_they_are_free(
    spark: SparkSession, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = ""

    def told() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return "0 of 2 Spark executors have a free slot for a Ray node: job " in said

    with ThreadPoolExecutor(1) as thread:
        with held(spark, 2, tmp_path / "go_on"):
            starting = thread.submit(start, spark)
            assert eventually(told, within_s=LIMIT_S), said
            assert "runs 4 tasks" in said
        with short_jobs(spark), starting.result(LIMIT_S) as cluster:
            assert workers(cluster) == ["0", "1"]


def test_an_executor_that_is_lost_during_the_start_is_replaced(spark: SparkSession) -> None:
    gateway = psutil.Process(spark.sparkContext._gateway.proc.pid)
    with ThreadPoolExecutor(1) as thread:
        starting = thread.submit(start, spark)
        executors = executors_under(gateway)
        assert eventually(lambda: all(has_node(e) for e in executors), within_s=LIMIT_S)
        executors[0].kill()
        with starting.result(LIMIT_S) as cluster:
            assert len(workers(cluster)) == 2
            assert "2" in workers(cluster)
