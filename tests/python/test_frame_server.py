"""Frames that Spark reads, whatever happens to the threads that serve them."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

import pyarrow as pa
import pytest
from exchange_fakes import FakeMembership
from frame_fakes import LIMIT_S, FakeCluster, FakeFrame, FakeTasks, chunks
from rayonspark._background import in_background
from rayonspark.data import served_frame
from rayonspark.data.to_spark import FrameServer
from rayonspark.errors import ClusterStoppedException, ExchangeException

SCHEMA = pa.schema([("id", pa.int64())])
SPARK: Any = object()


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> type[FakeTasks]:
    """Tasks of a Ray to which this process is connected."""
    monkeypatch.setattr(FakeTasks, "made", [], raising=False)
    monkeypatch.setattr(FakeTasks, "submitted", SimpleQueue(), raising=False)
    monkeypatch.setattr(served_frame, "NodeTasks", FakeTasks)
    return FakeTasks


@pytest.fixture
def cluster() -> FakeCluster:
    """The JVM half of a running cluster."""
    return FakeCluster()


@pytest.fixture
def membership() -> Any:
    """This process is in the cluster."""
    return FakeMembership()


@pytest.fixture
def server(cluster: FakeCluster, tasks: type[FakeTasks], membership: Any) -> FrameServer:
    """The frame server of one connection."""
    return FrameServer(cluster, "ros-1", membership)  # type: ignore[arg-type]


def opened(server: FrameServer, count: int = 2) -> FakeFrame:
    frame: Any = server.open(SPARK, SCHEMA, chunks(count))[0]
    return frame


def end_of(frame: FakeFrame) -> str:
    assert frame.over.wait(LIMIT_S)
    assert frame.why is not None
    return frame.why


def request_first_block(frame: FakeFrame, tasks: type[FakeTasks], path: str = "/1") -> FakeTasks:
    """Let Spark request the first block of the frame, and return the frame's tasks."""
    frame.request(0, path)
    return tasks.submitted.get(timeout=LIMIT_S)


def test_a_server_without_frames_uses_neither_a_thread_nor_the_jvm(
    server: FrameServer, cluster: FakeCluster
) -> None:
    assert server.leave().done()
    assert server.leave().done()
    assert server.ended
    assert cluster.all == []
    with pytest.raises(ClusterStoppedException, match="has left Ray cluster ros-1"):
        server.open(SPARK, SCHEMA, chunks(1))
    assert cluster.all == []


def test_the_same_two_threads_hand_over_the_blocks_of_all_frames(
    server: FrameServer, cluster: FakeCluster, tasks: type[FakeTasks]
) -> None:
    def own() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name.startswith("rayonspark-")]

    before = own()
    frames = [opened(server) for _ in range(30)]
    assert len(own()) == len(before) + 2
    for frame in frames:
        writing = request_first_block(frame, tasks)
        assert writing.running["/1"][-1] == "ref-0"
        writing.end("/1")
        assert frame.told.wait(LIMIT_S)
        assert frame.staged_paths == ["/1"]
    assert len(cluster.all) == 1
    server.leave().result(LIMIT_S)


def test_a_failed_task_fails_only_its_own_block(
    server: FrameServer, tasks: type[FakeTasks]
) -> None:
    frame = opened(server)
    request_first_block(frame, tasks).end("/1", ValueError("Ray is tired."))
    assert frame.told.wait(LIMIT_S)
    assert frame.failures == {"/1": "Ray could not write a block: Ray is tired."}
    assert frame.why is None
    server.leave().result(LIMIT_S)


def test_a_failed_feed_ends_all_frames_with_the_reason(
    server: FrameServer, cluster: FakeCluster, tasks: type[FakeTasks]
) -> None:
    frames = [opened(server), opened(server)]
    writing = request_first_block(frames[0], tasks)
    cluster.all[0].events.put(RuntimeError("py4j is confused"))
    for frame in frames:
        assert "RuntimeError: py4j is confused" in end_of(frame)
    assert writing.dropped
    assert server.ended
    with pytest.raises(ExchangeException, match="py4j is confused"):
        server.open(SPARK, SCHEMA, chunks(1))
    assert server.leave().result(LIMIT_S) is None


def test_a_block_request_that_fails_ends_its_frame_with_the_reason(
    server: FrameServer, tasks: type[FakeTasks], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = opened(server), opened(server)
    broken.request(99, "/no such block")
    assert "IndexError" in end_of(broken)
    request_first_block(fine, tasks).end("/1")
    assert fine.told.wait(LIMIT_S)
    assert fine.staged_paths == ["/1"]
    server.leave().result(LIMIT_S)


def test_a_failed_serving_thread_ends_all_frames_with_the_reason(
    server: FrameServer, cluster: FakeCluster
) -> None:
    frame = opened(server)
    cluster.all[0].events.put([{"frame": frame.id}])
    cluster.all[0].events.put([{}])
    assert "KeyError" in end_of(frame)
    assert cluster.all[0].why is not None


def test_leaving_ends_all_frames_and_their_tasks(
    server: FrameServer, cluster: FakeCluster, tasks: type[FakeTasks]
) -> None:
    frame = opened(server)
    writing = request_first_block(frame, tasks)
    server.leave().result(LIMIT_S)
    assert "has left Ray cluster ros-1" in end_of(frame)
    assert writing.dropped
    assert len(tasks.made) == 1
    with pytest.raises(ClusterStoppedException):
        opened(server)
    assert len(cluster.all[0].frames) == 1


def test_a_frame_that_is_registered_after_leaving_is_closed_with_an_error(
    server: FrameServer, cluster: FakeCluster, tasks: type[FakeTasks]
) -> None:
    opened(server)
    # Leave after the JVM has made the frame, and before it is registered.
    start = cluster.all[0].start

    def leaving_start(*arguments: Any) -> FakeFrame:
        server.leave().result(LIMIT_S)
        return start(*arguments)

    cluster.all[0].start = leaving_start  # type: ignore[method-assign]
    with pytest.raises(ClusterStoppedException, match="has left Ray cluster ros-1"):
        opened(server)
    late = cluster.all[0].frames[-1]
    assert "has left Ray cluster ros-1" in end_of(late)
    assert not late.begun
    assert tasks.made == []


def test_a_process_that_leaves_while_the_first_frame_opens_serves_nothing(
    server: FrameServer, cluster: FakeCluster
) -> None:
    cluster.on_imports = lambda: server.leave().result(LIMIT_S)
    with pytest.raises(ClusterStoppedException):
        opened(server)
    assert cluster.all[0].frames == []


def test_a_frame_that_cannot_begin_is_closed(server: FrameServer, cluster: FakeCluster) -> None:
    opened(server)
    start = cluster.all[0].start

    def failing_start(*arguments: Any) -> FakeFrame:
        frame = start(*arguments)
        frame.on_begin = lambda: pytest.fail("Spark is tired.")
        return frame

    cluster.all[0].start = failing_start  # type: ignore[method-assign]
    with pytest.raises(pytest.fail.Exception):
        opened(server)
    assert "Spark is tired." in end_of(cluster.all[0].frames[-1])
    server.leave().result(LIMIT_S)


def test_a_released_frame_drops_waiting_tasks_and_still_reports_a_late_file(
    server: FrameServer, tasks: type[FakeTasks]
) -> None:
    frame = opened(server)
    writing = request_first_block(frame, tasks)
    frame.end("Nobody reads it.")
    assert writing.over.wait(LIMIT_S)
    writing.end("/1")
    assert frame.told.wait(LIMIT_S)
    assert frame.staged_paths == ["/1"]
    server.leave().result(LIMIT_S)


def test_garbage_is_collected_after_a_dataframe_was_dropped(
    server: FrameServer, cluster: FakeCluster
) -> None:
    frame = opened(server)
    collected = cluster.all[0].collected
    assert not collected.wait(1)
    frame.df = None
    assert collected.wait(LIMIT_S)
    frame.fail("Nobody reads it.")
    server.leave().result(LIMIT_S)


def test_the_threads_end_without_an_error_when_the_jvm_is_gone(
    server: FrameServer, cluster: FakeCluster, tasks: type[FakeTasks]
) -> None:
    frame = opened(server)
    writing = request_first_block(frame, tasks)
    cluster.all[0].gone = True
    cluster.all[0].events.put(ClusterStoppedException("Spark's JVM is gone."))
    assert cluster.all[0].closed.wait(LIMIT_S)
    assert server.leave().result(LIMIT_S) is None
    assert writing.dropped


def test_a_process_that_is_in_no_cluster_starts_no_tasks(
    server: FrameServer, tasks: type[FakeTasks], membership: Any
) -> None:
    frame = opened(server)
    membership.leave()
    frame.request(0, "/1")
    assert end_of(frame) == "This process has left."
    assert tasks.made == []
    in_background("leave", server.leave).result(LIMIT_S).result(LIMIT_S)
