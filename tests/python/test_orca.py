import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeContext, FakeHandle, FakeRay, FakeSession
from rayonspark import (
    ClusterStoppedException,
    InvalidSpecException,
    OrcaContext,
    PlacementException,
    RayOnSparkException,
    _gateway,
    _orca,
    _spark,
    init_orca_context,
    stop_orca_context,
)
from rayonspark._spark import SparkOfOurs


class FakeSpark:
    """What `_spark` does to this process: at most one SparkContext runs."""

    def __init__(self, session: FakeSession) -> None:
        self.session = session
        self.created: list[tuple[Any, Any]] = []
        self.running: FakeContext | None = None
        self.jvm = False

    def running_context(self) -> FakeContext | None:
        return self.running if self.running is not None and self.running._jsc else None

    def create(self, arguments: Any, mode: Any, *, log_output: bool) -> SparkOfOurs:
        self.created.append((mode.value, log_output))
        self.jvm = True
        sc = FakeContext(self.session.sparkContext._jvm, {"spark.master": "local[2]"})
        self.session.sparkContext = self.running = sc
        return SparkOfOurs(sc, sc.stop)  # type: ignore[arg-type]


@pytest.fixture
def process(
    monkeypatch: pytest.MonkeyPatch, spark: FakeSession, ray: FakeRay
) -> Iterator[FakeSpark]:
    fake = FakeSpark(spark)
    monkeypatch.setattr(_spark, "running_context", fake.running_context)
    monkeypatch.setattr(_spark, "create", fake.create)
    monkeypatch.setattr(_gateway, "jvm_runs", lambda: fake.jvm)
    builder = SimpleNamespace(getOrCreate=lambda: spark)
    monkeypatch.setattr("pyspark.sql.SparkSession.builder", builder)
    monkeypatch.setattr(_orca, "CURRENT", _orca.OrcaState())
    yield fake
    stop_orca_context()


def test_stopping_nothing_is_no_error(process: FakeSpark) -> None:
    stop_orca_context()
    stop_orca_context()


@pytest.mark.parametrize(
    "ask",
    [
        OrcaContext.get_spark_context,
        OrcaContext.get_spark_session,
        OrcaContext.get_ray_context,
    ],
)
def test_before_init_there_is_no_context(process: FakeSpark, ask: Any) -> None:
    with pytest.raises(ClusterStoppedException) as raised:
        ask()
    assert str(raised.value) == (
        "There is no Orca context in this process. Call init_orca_context() first."
    )


def test_init_starts_spark_and_ray_on_first_use(process: FakeSpark, ray: FakeRay) -> None:
    sc = init_orca_context(cluster_mode="local", cores=2, env={"A": "b"})
    assert process.created == [("local", False)]
    assert OrcaContext.get_spark_context() is sc
    assert process.session.api.started == []
    ray_ctx = OrcaContext.get_ray_context()
    assert process.session.api.started == [{"env": '{"A": "b"}'}]
    assert ray_ctx.initialized
    assert ray_ctx.redis_address == ray_ctx.address_info["redis_address"] == "10.0.0.1:6379"
    assert (ray_ctx.num_ray_nodes, ray_ctx.ray_node_cpu_cores) == (2, 2)
    assert OrcaContext.get_ray_context() is ray_ctx
    assert len(process.session.api.started) == 1


def test_init_can_start_ray_at_once(process: FakeSpark) -> None:
    init_orca_context("local", init_ray_on_spark=True)
    assert len(process.session.api.started) == 1


def test_stop_ends_ray_then_spark_and_can_be_called_again(process: FakeSpark) -> None:
    sc = init_orca_context("local", init_ray_on_spark=True)
    stop_orca_context()
    stop_orca_context()
    assert process.session.handle.calls.count("stop") == 1
    assert sc.stops == 1  # type: ignore[attr-defined]


def test_stop_after_the_ray_context_was_stopped_is_no_error(process: FakeSpark) -> None:
    init_orca_context("local", init_ray_on_spark=True)
    ray_ctx = OrcaContext.get_ray_context()
    ray_ctx.stop()
    ray_ctx.stop()
    assert not ray_ctx.initialized
    with pytest.raises(ClusterStoppedException, match=r"Ray does not run .* Call init\(\)"):
        _ = ray_ctx.redis_address
    stop_orca_context()


def test_ray_starts_again_on_the_same_spark(process: FakeSpark) -> None:
    init_orca_context("local", init_ray_on_spark=True, redis_port=6379)
    OrcaContext.get_ray_context().stop()
    process.session.api.handle = FakeHandle()
    assert OrcaContext.get_ray_context().initialized
    assert process.session.api.started == [{"ports": "gcs=6379"}] * 2
    assert len(process.created) == 1


def test_a_failed_ray_is_started_again_when_asked_for(process: FakeSpark) -> None:
    init_orca_context("local", init_ray_on_spark=True)
    process.session.handle.end("failed")
    process.session.api.handle = FakeHandle()
    assert OrcaContext.get_ray_context().initialized


def test_the_heads_cpus_can_be_given_to_init(process: FakeSpark) -> None:
    init_orca_context("local")
    ray_ctx = _orca.CURRENT._ray
    assert ray_ctx is not None
    ray_ctx.init(driver_cores=3)
    assert process.session.api.started == [{"head_cpus": "3"}]


def test_a_failing_ray_takes_down_the_spark_that_the_call_has_started(process: FakeSpark) -> None:
    process.session.handle.error = PlacementException("no slots")
    with pytest.raises(PlacementException):
        init_orca_context("local", init_ray_on_spark=True)
    assert process.running_context() is None


def test_a_spark_that_ran_before_is_taken_and_left_running(process: FakeSpark) -> None:
    mine = process.session.sparkContext
    process.running = mine
    assert init_orca_context() is mine  # type: ignore[comparison-overlap]
    OrcaContext.get_ray_context()
    stop_orca_context()
    assert process.created == []
    assert (mine.stops, process.session.handle.state_now) == (0, "stopped")


def test_what_running_spark_and_ray_cannot_honour_is_one_error(process: FakeSpark) -> None:
    init_orca_context("local", init_ray_on_spark=True, redis_port=6379)
    assert process.running is not None
    process.running.conf = {"spark.master": "local[2]", "spark.driver.memory": "2g"}
    with pytest.raises(InvalidSpecException) as raised:
        init_orca_context("local", cores=4, memory="4g", redis_port=6380)
    assert str(raised.value) == (
        "A SparkContext runs already, and it cannot honour 3 of the arguments: cores "
        "(spark.master='local[4]'), and it is 'local[2]'; memory (spark.driver.memory='4096m'), "
        "and it is '2g'; redis_port=6380, and Ray has 6379. Leave them out, or stop it first with "
        "stop_orca_context() or spark.stop()."
    )
    again = init_orca_context("local", cores=2, redis_port=6379)
    assert again is process.running  # type: ignore[comparison-overlap]


def test_ray_arguments_of_a_later_call_count_while_ray_does_not_run(process: FakeSpark) -> None:
    init_orca_context("local", redis_port=6379)
    init_orca_context("local", redis_port=6380, init_ray_on_spark=True)
    assert process.session.api.started == [{"ports": "gcs=6380"}]


def test_barrier_mode_is_plain_scheduling_and_fixed_while_ray_runs(process: FakeSpark) -> None:
    assert OrcaContext.barrier_mode is True
    OrcaContext.barrier_mode = False
    init_orca_context("local", init_ray_on_spark=True)
    assert process.session.api.started == [{"scheduling": "plain"}]
    with pytest.raises(RayOnSparkException, match=r"barrier_mode is False for the Ray that runs\."):
        OrcaContext.barrier_mode = True
    stop_orca_context()
    OrcaContext.barrier_mode = True
    assert OrcaContext.barrier_mode is True


def test_log_output_is_fixed_once_there_is_a_jvm(process: FakeSpark) -> None:
    OrcaContext.log_output = True
    init_orca_context("local")
    assert process.created == [("local", True)]
    with pytest.raises(RayOnSparkException, match=r"log_output is True for the JVM that runs\."):
        OrcaContext.log_output = False


def test_node_counts_without_effect_are_said(
    process: FakeSpark, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "rayonspark"):
        init_orca_context("local", num_nodes=2)
    assert caplog.messages == ["num_nodes=2 has no effect: this Spark is local, which is one node."]


def test_a_later_init_starts_anew_after_the_user_stopped_spark(process: FakeSpark) -> None:
    first = init_orca_context("local", init_ray_on_spark=True)
    first.stop()
    process.session.api.handle = FakeHandle()
    second = init_orca_context("local", init_ray_on_spark=True)
    assert second is not first
    assert len(process.created) == 2
