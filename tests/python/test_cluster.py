import os
import sys
import threading
from typing import Any

import pytest
from fakes import ENVIRONMENT, FakeConf, FakeHandle, FakeRay, FakeSession
from rayonspark import (
    ClusterStoppedException,
    RayCluster,
    RayClusterSpec,
    RayOnSparkException,
    VersionMismatchException,
)
from rayonspark._background import in_background

ADDRESS = ENVIRONMENT["RAY_ADDRESS"]


def start(spark: FakeSession, *arguments: Any, **named: Any) -> RayCluster:
    return RayCluster.start(spark, *arguments, **named)  # type: ignore[arg-type]


def test_a_start_sends_the_fields_connects_and_waits(ray: FakeRay, spark: FakeSession) -> None:
    spec = RayClusterSpec(num_nodes=1, auth="token")
    cluster = start(spark, spec, num_nodes=2, ray_init={"namespace": "n"})
    assert spark.api.started == [{"num_nodes": "2", "auth": "token"}]
    assert ray.given == [{"address": ADDRESS, "namespace": "n"}]
    assert spark.handle.calls == ["awaitHead", "clientAttached", "awaitRunning"]
    assert (cluster.id, cluster.state, cluster.address) == ("ros-1", "running", ADDRESS)
    cluster.stop()


def test_a_start_without_connecting_does_not_touch_ray(
    monkeypatch: pytest.MonkeyPatch, spark: FakeSession
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    cluster = start(spark, connect=False)
    assert cluster.env == ENVIRONMENT
    cluster.stop()
    assert spark.handle.calls == ["awaitHead", "awaitRunning", "stop"]


def test_a_process_that_is_in_a_ray_cluster_launches_nothing(
    ray: FakeRay, spark: FakeSession
) -> None:
    ray.gcs_address = "elsewhere:1"
    with pytest.raises(RayOnSparkException) as raised:
        start(spark)
    assert str(raised.value) == (
        "Ray is already initialised in this process, and a process can be in only one Ray "
        "cluster. Call ray.shutdown() first, or pass connect=False."
    )
    assert spark.api.started == []
    start(spark, connect=False).stop()
    assert ray.shutdowns == 0


def test_a_process_without_ray_launches_nothing(
    monkeypatch: pytest.MonkeyPatch, spark: FakeSession
) -> None:
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    monkeypatch.setattr("rayonspark._ray.options.find_spec", lambda name: None)
    with pytest.raises(RayOnSparkException, match="has no Ray, and connecting needs it"):
        start(spark)
    assert spark.api.started == []


@pytest.mark.parametrize(
    ("field", "setting", "refused"),
    [
        (None, None, True),
        (None, "disabled", False),
        ("token", "disabled", True),
        ("disabled", "token", False),
    ],
)
def test_a_ray_without_tokens_launches_nothing_unless_they_are_disabled(
    field: str | None,
    setting: str | None,
    refused: bool,
    ray: FakeRay,
    spark: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rayonspark._ray.process.version", lambda name: "2.51.0")
    conf = {} if setting is None else {"spark.rayonspark.auth": setting}
    monkeypatch.setattr(spark.sparkContext, "getConf", lambda: FakeConf(conf))
    if refused:
        with pytest.raises(VersionMismatchException, match="but auth is token"):
            start(spark, auth=field)
        assert spark.api.started == []
    else:
        start(spark, auth=field).stop()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"num_node": 2},
            "RayCluster.start() has no argument 'num_node'. Did you mean 'num_nodes'?",
        ),
        (
            {"connect": False, "ray_init": {"namespace": "n"}},
            "RayCluster.start() got ray_init together with connect=False. Pass ray_init's "
            "arguments to connect() later.",
        ),
    ],
)
def test_a_wrong_argument_launches_nothing(
    ray: FakeRay, spark: FakeSession, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(TypeError) as raised:
        start(spark, **arguments)
    assert str(raised.value) == text
    assert spark.api.started == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"address": "h:1"},
            "RayOnSpark sets ray.init's argument 'address' itself. Leave it out of ray_init.",
        ),
        (
            {"namespce": "n"},
            "ray.init() has no argument 'namespce'. Did you mean 'namespace'?",
        ),
    ],
)
def test_a_wrong_argument_for_ray_stops_the_cluster(
    ray: FakeRay, spark: FakeSession, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(TypeError) as raised:
        start(spark, ray_init=arguments)
    assert str(raised.value) == text
    assert spark.handle.calls[-1] == "stop"
    assert "awaitHead" not in spark.handle.calls


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_a_failed_start_stops_the_cluster_and_keeps_its_error(
    ray: FakeRay, error: BaseException, spark: FakeSession
) -> None:
    spark.handle.error = error
    with pytest.raises(type(error)) as raised:
        start(spark)
    assert raised.value is error
    assert spark.handle.calls[-1] == "stop"
    assert not ray.is_initialized()


def test_an_error_during_cleanup_does_not_hide_the_first_error(
    ray: FakeRay, spark: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("the second")

    monkeypatch.setattr(spark.handle, "stop", broken)
    spark.handle.error = ValueError("the first")
    with pytest.raises(ValueError, match="the first"):
        start(spark)


def test_a_failing_ray_init_stops_the_cluster_and_restores_the_environment(
    ray: FakeRay, spark: FakeSession
) -> None:
    ray.fails = ConnectionError("refused")
    with pytest.raises(ConnectionError, match="refused"):
        start(spark)
    assert spark.handle.calls == ["awaitHead", "stop"]
    assert "RAY_AUTH_TOKEN" not in os.environ


def test_a_stopped_context_is_an_error(spark: FakeSession) -> None:
    spark.sparkContext.stop()
    with pytest.raises(ClusterStoppedException, match="Create a new SparkSession"):
        start(spark, connect=False)


def test_a_context_that_the_jvm_has_stopped_is_an_error(spark: FakeSession) -> None:
    spark.sparkContext.stopped_in_jvm = True
    with pytest.raises(ClusterStoppedException, match="Create a new SparkSession"):
        start(spark, connect=False)


def test_a_spark_connect_session_is_refused_with_advice() -> None:
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    # It does not contact its server before it is used, so no server is needed.
    session = ConnectSession("sc://127.0.0.1:1")
    with pytest.raises(RayOnSparkException, match=r"cannot start from one yet\. Use a classic"):
        start(session)


def test_anything_but_a_session_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="needs a SparkSession, and got a str"):
        start("local")  # type: ignore[arg-type]


def test_a_jar_of_another_version_is_an_error_that_names_the_difference(
    ray: FakeRay, spark: FakeSession
) -> None:
    spark.api.fields.append("colour")
    with pytest.raises(VersionMismatchException, match="they differ in colour"):
        start(spark)


def test_connecting_sets_the_token_and_disconnecting_restores_the_environment(
    ray: FakeRay, spark: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = start(spark, connect=False)
    cluster.connect(namespace="n")
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert os.environ["RAY_AUTH_TOKEN"] == "secret-of-the-test"
    cluster.disconnect()
    cluster.disconnect()
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
    assert "RAY_AUTH_TOKEN" not in os.environ
    assert ray.shutdowns == 1
    assert ray.config_reads == 2
    assert spark.handle.calls.count("clientDetached") == 1
    cluster.stop()


def test_connecting_works_with_a_ray_that_has_no_tokens(
    ray: FakeRay, spark: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sys.modules["ray._raylet"], "AuthenticationTokenLoader")
    cluster = start(spark, connect=False)
    cluster.connect()
    assert cluster.connected
    assert ray.config_reads == 0
    cluster.stop()


def test_connect_and_stop_work_after_the_user_has_shut_ray_down(
    ray: FakeRay, spark: FakeSession
) -> None:
    cluster = start(spark)
    ray.shutdown()
    cluster.connect()
    assert ray.is_initialized()
    ray.shutdown()
    cluster.stop()
    assert spark.handle.calls.count("clientAttached") == 1
    assert spark.handle.calls[-2:] == ["clientDetached", "stop"]


def test_connecting_again_keeps_the_connection_or_refuses_new_arguments(
    ray: FakeRay, spark: FakeSession
) -> None:
    with start(spark) as cluster:
        cluster.connect()
        assert len(ray.given) == 1
        with pytest.raises(RayOnSparkException, match="already initialised"):
            cluster.connect(namespace="other")


def test_a_connection_that_the_user_made_elsewhere_is_left_alone(
    ray: FakeRay, spark: FakeSession
) -> None:
    cluster = start(spark)
    ray.shutdown()
    ray.gcs_address = "elsewhere:1"
    os.environ["RAY_AUTH_TOKEN"] = "theirs"
    cluster.stop()
    assert ray.gcs_address == "elsewhere:1"
    assert os.environ["RAY_AUTH_TOKEN"] == "theirs"


@pytest.mark.parametrize(("state", "failure"), [("stopping", ""), ("failed", "GCS has died.")])
def test_the_end_of_the_cluster_disconnects_this_process(
    ray: FakeRay, spark: FakeSession, state: str, failure: str
) -> None:
    cluster = start(spark)
    spark.handle.failure_text = failure
    spark.handle.end(state)
    cluster._connection.join()
    assert not ray.is_initialized()
    assert spark.handle.calls[-1] == "clientDetached"
    assert "RAY_AUTH_TOKEN" not in os.environ
    cluster.stop()
    # The failure stays known.
    assert (str(cluster.failure) if cluster.failure else "") == failure


@pytest.mark.parametrize("state", ["stopping", "stopped", "failed"])
def test_connecting_to_a_cluster_that_has_ended_is_an_error(
    ray: FakeRay, spark: FakeSession, state: str
) -> None:
    cluster = start(spark, connect=False)
    spark.handle.failure_text = "GCS has died." if state == "failed" else ""
    spark.handle.end(state)
    with pytest.raises(ClusterStoppedException, match=f"Ray cluster {cluster.id} ") as stopped:
        cluster.connect()
    assert ("GCS has died." in str(stopped.value)) == (state == "failed")
    assert ray.given == []
    cluster.stop()


def test_the_end_of_the_cluster_ends_a_connect_that_hangs_in_ray(
    ray: FakeRay, spark: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, connecting = threading.Event(), threading.Event()

    def init(**_: object) -> None:
        connecting.set()
        held.wait(20)
        raise ConnectionError("no GCS")

    cluster = start(spark, connect=False)
    monkeypatch.setattr(ray, "init", init)
    connected = in_background("connect", cluster.connect)
    assert connecting.wait(20)
    cluster.stop()
    with pytest.raises(ClusterStoppedException, match="was stopped"):
        connected.result(20)
    held.set()


def test_an_exit_handler_does_nothing_in_a_forked_child(
    ray: FakeRay, spark: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = start(spark)
    parent = os.getpid()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: parent + 1)
        cluster._stop_at_exit()
    assert cluster.state == "running"
    cluster.stop()


def test_the_end_of_the_jvm_disconnects_this_process(
    ray: FakeRay, monkeypatch: pytest.MonkeyPatch, spark: FakeSession
) -> None:
    gone = threading.Event()

    def until_gone() -> str:
        gone.wait(10)
        raise ConnectionRefusedError

    def refused() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(spark.handle, "awaitEnding", until_gone)
    cluster = start(spark)
    for name in ("clientDetached", "stop", "state"):
        monkeypatch.setattr(spark.handle, name, refused)
    gone.set()
    cluster._connection.join()
    assert not ray.is_initialized()
    assert cluster.state == "stopped"
    cluster.stop()


def test_stop_is_idempotent_and_leaves_no_thread(ray: FakeRay, spark: FakeSession) -> None:
    cluster = start(spark)
    cluster.stop()
    cluster.stop()
    assert ray.shutdowns == 1
    assert [thread for thread in threading.enumerate() if "rayonspark" in thread.name] == []


def test_a_with_block_stops_the_cluster(ray: FakeRay, spark: FakeSession) -> None:
    with pytest.raises(ZeroDivisionError), start(spark) as cluster:
        raise ZeroDivisionError
    assert cluster.state == "stopped"
    assert repr(cluster) == "<RayCluster ros-1: stopped>"


def test_address_info_combines_the_jvms_entries_with_rays(ray: FakeRay, spark: FakeSession) -> None:
    with start(spark) as cluster:
        assert cluster.address_info == {
            "node_ip_address": "10.0.0.1",
            "metrics_export_port": 8080,
            "webui_url": "",
            "node_id": "n-1",
            "redis_address": ADDRESS,
            "gcs_address": ADDRESS,
            "address": ADDRESS,
        }
        cluster.disconnect()
        assert "node_id" not in cluster.address_info


def test_nodes_are_listed(ray: FakeRay, spark: FakeSession) -> None:
    with start(spark) as cluster:
        nodes = cluster.nodes
    shown = [(node.role, node.executor_id, node.cpus) for node in nodes]
    assert shown == [("head", "driver", 0), ("worker", "0", 2), ("worker", "1", 2)]
    assert (nodes[0].ray_node_id, nodes[0].pid, nodes[0].log_directory) == (None, None, "/logs")


def test_two_clusters_have_two_handles(ray: FakeRay, spark: FakeSession) -> None:
    first = start(spark)
    spark.api.handle = FakeHandle()
    second = start(spark, connect=False)
    first.stop()
    assert (first.state, second.state) == ("stopped", "running")
    second.stop()
