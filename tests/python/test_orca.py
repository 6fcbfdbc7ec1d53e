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
    _ray,
    _spark,
    init_orca_context,
    stop_orca_context,
)
from rayonspark._spark import OwnedSpark
from rayonspark.ray_context import OrcaRayContext


class FakeSpark:
    """Stands for the module `_spark`: at most one SparkContext runs in this process."""

    def __init__(self, session: FakeSession) -> None:
        self.session = session
        self.created: list[tuple[Any, Any]] = []
        self.running: FakeContext | None = None
        self.jvm = False

    def running_context(self) -> FakeContext | None:
        return self.running if self.running is not None and self.running._jsc else None

    def create(self, arguments: Any, mode: Any, *, log_output: bool) -> OwnedSpark:
        self.created.append((mode.value, log_output))
        self.jvm = True
        sc = FakeContext(self.session.sparkContext._jvm, {"spark.master": "local[2]"})
        self.session.sparkContext = self.running = sc
        return OwnedSpark(sc, sc.stop)  # type: ignore[arg-type]


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


def test_init_can_start_ray_immediately(process: FakeSpark) -> None:
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
    with pytest.raises(ClusterStoppedException, match=r"Ray is not running .* Call init\(\)"):
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


def ray_context(process: FakeSpark, master: str) -> OrcaRayContext:
    init_orca_context("local")
    assert process.running is not None
    process.running.master = master
    ray_ctx = _orca.CURRENT._ray
    assert ray_ctx is not None
    return ray_ctx


def test_init_accepts_the_number_of_cpus_of_the_head(
    process: FakeSpark, caplog: pytest.LogCaptureFixture
) -> None:
    ray_ctx = ray_context(process, "spark://host:7077")
    ray_ctx.init(driver_cores=3)
    assert process.session.api.started == [{"head_cpus": "3"}]
    assert caplog.messages == []

    ray_ctx.init(driver_cores=4)
    assert len(process.session.api.started) == 1
    assert caplog.messages == [
        "driver_cores=4 has no effect: Ray is already running, with 0 CPUs on the head. Call "
        "stop() first, then init() again."
    ]


def test_the_head_has_the_cores_of_the_master_in_local_mode(
    process: FakeSpark, caplog: pytest.LogCaptureFixture
) -> None:
    ray_context(process, "local[2]").init(driver_cores=0)
    assert process.session.api.started == [{}]
    assert caplog.messages == [
        "driver_cores=0 has no effect: in local mode the head offers the cores of the master."
    ]


def test_ray_is_connected_again_after_the_users_shutdown(process: FakeSpark, ray: FakeRay) -> None:
    init_orca_context("local", ray_init={"namespace": "mine"})
    cluster = OrcaContext.get_ray_context().cluster
    ray.shutdown()
    assert not cluster.connected

    assert OrcaContext.get_ray_context().cluster is cluster
    assert cluster.connected
    assert [arguments["namespace"] for arguments in ray.given] == ["mine", "mine"]


@pytest.fixture
def options_of_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ray, "start_options", lambda: {"--disable-usage-stats", "--num-cpus"})
    monkeypatch.setattr(_ray, "init_arguments", lambda: {"log_to_driver", "namespace"})


def test_arguments_of_ray_init_are_found_in_extra_params(
    process: FakeSpark, ray: FakeRay, options_of_ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ray, "check_start_options", lambda field, words: None)
    init_orca_context("local", extra_params={"namespace": "mine", "disable-usage-stats": True})
    OrcaContext.get_ray_context()
    assert process.session.api.started == [
        {
            "head_args": '["--disable-usage-stats"]',
            "worker_args": '["--disable-usage-stats"]',
        }
    ]
    assert ray.given[0]["namespace"] == "mine"


def test_an_unknown_extra_param_is_an_error_before_spark_starts(
    process: FakeSpark, options_of_ray: None
) -> None:
    with pytest.raises(InvalidSpecException) as raised:
        init_orca_context("local", init_ray_on_spark=True, extra_params={"num_cpu": 1})
    assert str(raised.value) == (
        'extra_params: ray start has no option "--num-cpu", and ray.init has no argument '
        '"num_cpu". Did you mean "--num-cpus"?'
    )
    assert process.created == []


def test_a_failed_start_of_ray_stops_the_spark_that_the_call_has_started(
    process: FakeSpark,
) -> None:
    process.session.handle.error = PlacementException("no slots")
    with pytest.raises(PlacementException):
        init_orca_context("local", init_ray_on_spark=True)
    assert process.running_context() is None


def test_a_spark_that_runs_already_is_used_and_left_running(process: FakeSpark) -> None:
    mine = process.session.sparkContext
    process.running = mine
    assert init_orca_context() is mine  # type: ignore[comparison-overlap]
    OrcaContext.get_ray_context()
    stop_orca_context()
    assert process.created == []
    assert (mine.stops, process.session.handle.state_now) == (0, "stopped")


def test_arguments_that_running_spark_and_ray_cannot_honour_are_one_error(
    process: FakeSpark,
) -> None:
    init_orca_context("local", init_ray_on_spark=True, redis_port=6379)
    assert process.running is not None
    process.running.conf = {"spark.master": "local[2]", "spark.driver.memory": "2g"}
    with pytest.raises(InvalidSpecException) as raised:
        init_orca_context("local", cores=4, memory="4g", redis_port=6380)
    assert str(raised.value) == (
        "A SparkContext is already running, and it cannot honour 3 arguments: cores "
        "(spark.master='local[4]', currently 'local[2]'); memory (spark.driver.memory='4096m', "
        "currently '2g'); redis_port=6380 (currently 6379). Leave them out, or stop it first with "
        "stop_orca_context() or spark.stop()."
    )
    again = init_orca_context("local", cores=2, redis_port=6379)
    assert again is process.running  # type: ignore[comparison-overlap]


def test_ray_arguments_of_a_later_call_count_while_ray_does_not_run(process: FakeSpark) -> None:
    init_orca_context("local", redis_port=6379)
    init_orca_context("local", redis_port=6380, init_ray_on_spark=True)
    assert process.session.api.started == [{"ports": "gcs=6380"}]


def test_barrier_mode_sets_the_scheduling_and_is_fixed_while_ray_runs(process: FakeSpark) -> None:
    assert OrcaContext.barrier_mode is True
    OrcaContext.barrier_mode = False
    init_orca_context("local", init_ray_on_spark=True)
    assert process.session.api.started == [{"scheduling": "plain"}]
    with pytest.raises(RayOnSparkException, match=r"already running with barrier_mode=False\."):
        OrcaContext.barrier_mode = True
    stop_orca_context()
    OrcaContext.barrier_mode = True
    assert OrcaContext.barrier_mode is True


def test_log_output_is_fixed_once_there_is_a_jvm(process: FakeSpark) -> None:
    OrcaContext.log_output = True
    init_orca_context("local")
    assert process.created == [("local", True)]
    with pytest.raises(RayOnSparkException, match=r"already running with log_output=True\."):
        OrcaContext.log_output = False


def test_node_counts_without_effect_are_logged(
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
