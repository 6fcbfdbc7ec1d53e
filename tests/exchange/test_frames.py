"""What many frames of one cluster share, and how many calls to the JVM a frame takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import ray
from cluster.leftovers import eventually
from py4j.clientserver import ClientServerConnection
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors
from rayonspark._jvm import JvmImports

from . import staging
from .test_to_spark import collect_garbage

FRAMES = 30
ROWS = 1000
SUM = ROWS * (ROWS - 1) // 2
MAX_CALLS = 8


def own_threads() -> list[str]:
    return sorted(t.name for t in threading.enumerate() if t.name.startswith("rayonspark-"))


@contextmanager
def counted_calls() -> Iterator[list[str]]:
    """The commands that this thread, and the threads that work for it, send to the JVM."""
    commands: list[str] = []
    send = ClientServerConnection.send_command
    caller = threading.current_thread()

    def counting(self: ClientServerConnection, command: str) -> str:
        worker = threading.current_thread()
        if worker is caller or worker.name == "rayonspark-to-spark":
            commands.append(command)
        return send(self, command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientServerConnection, "send_command", counting)
        yield commands


def test_many_live_frames_need_no_more_threads_than_one(
    spark: SparkSession, cluster: RayCluster
) -> None:
    frames = [cluster.to_spark(ray.data.range(ROWS, override_num_blocks=2).materialize())]
    assert frames[0].groupBy().sum("id").first()[0] == SUM
    threads = [
        "rayonspark-block-requests",
        "rayonspark-serve-blocks",
        f"rayonspark-watch-{cluster.id}",
    ]
    # The thread that opened the frame ends after it has returned the frame.
    assert eventually(lambda: own_threads() == threads, within_s=20)

    while len(frames) < FRAMES:
        frames.append(cluster.to_spark(ray.data.range(ROWS, override_num_blocks=2).materialize()))
    assert eventually(lambda: own_threads() == threads, within_s=20)
    for frame in frames:
        assert frame.groupBy().sum("id").first()[0] == SUM
    assert own_threads() == threads
    assert staging.files(cluster)

    del frame
    frames.clear()

    def collected() -> bool:
        collect_garbage(spark)
        # A directory may disappear while its files are listed.
        with suppress(FileNotFoundError):
            return not staging.files(cluster)
        return False

    assert eventually(collected, within_s=20)


def test_the_number_of_jvm_calls_does_not_depend_on_the_number_of_blocks(
    cluster: RayCluster,
) -> None:
    counts = []
    cluster.to_spark(ray.data.range(ROWS, override_num_blocks=2).materialize())
    for blocks in (2, 50):
        dataset = ray.data.range(ROWS, override_num_blocks=blocks).materialize()
        with counted_calls() as commands:
            df = cluster.to_spark(dataset)
        counts.append(len(commands))
        assert df.groupBy().sum("id").first()[0] == SUM
    assert counts[0] == counts[1] <= MAX_CALLS


def test_reading_a_map_that_the_jvm_returned_takes_one_more_call(cluster: RayCluster) -> None:
    cluster.nodes  # noqa: B018 - the first call also looks up the converter
    with counted_calls() as commands:
        assert cluster.nodes
    assert len(commands) == 2


def test_waiting_readers_get_an_error_when_python_can_no_longer_poll_requests(
    spark: SparkSession, cluster: RayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than staging holds: the last chunks are requested only after the first are read.
    df = cluster.to_spark(ray.data.range(20_000_000, override_num_blocks=20).materialize())

    def broken(imports: JvmImports, timeout_ms: int) -> None:
        raise RuntimeError("py4j is confused")

    monkeypatch.setattr(JvmImports, "next", broken)
    with pytest.raises(Exception, match="RuntimeError: py4j is confused"):
        df.groupBy().sum("id").first()
    monkeypatch.undo()
    # Later frames are served again.
    again = cluster.to_spark(ray.data.range(ROWS, override_num_blocks=2).materialize())
    assert again.groupBy().sum("id").first()[0] == SUM


def test_readers_get_an_error_after_the_process_has_left_ray(
    spark: SparkSession, cluster: RayCluster
) -> None:
    ds = ray.data.range(ROWS, override_num_blocks=2).materialize()
    df = cluster.to_spark(ds)
    assert df.groupBy().sum("id").first()[0] == SUM
    cluster.disconnect()
    try:
        with pytest.raises(Exception, match=f"has left Ray cluster {cluster.id}"):
            df.groupBy().sum("id").first()
        assert eventually(lambda: not staging.files(cluster), within_s=20)
        with pytest.raises(errors.ClusterStoppedException, match="not connected"):
            cluster.to_spark(ds)
    finally:
        cluster.connect()
    again = cluster.to_spark(ray.data.range(ROWS, override_num_blocks=2).materialize())
    assert again.groupBy().sum("id").first()[0] == SUM
