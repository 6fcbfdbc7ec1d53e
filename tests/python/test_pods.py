import types
from pathlib import Path
from typing import Any

import pytest
from rayonspark import InvalidSpecException, _kubernetes, _submit, session
from rayonspark._arguments import OrcaArguments
from rayonspark.cluster_mode import ClusterMode

PODS, PODS_CLUSTER = ClusterMode.KUBERNETES, ClusterMode.KUBERNETES_CLUSTER
MASTER = "k8s://https://h:6443"
SHM = "volumes.emptyDir.rayonspark-shm"


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process does not run in a pod."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def prepared(mode: ClusterMode = PODS, **arguments: Any) -> tuple[dict[str, str], dict[str, str]]:
    given = {"master": MASTER, "memory": "1g"} | arguments
    rows, variables = _kubernetes.prepare(OrcaArguments(**given), mode)
    return session.as_conf(rows), variables


def test_kubernetes_needs_a_master() -> None:
    with pytest.raises(InvalidSpecException) as raised:
        prepared(master=None)
    assert "'k8s' needs to know where the Kubernetes cluster is" in str(raised.value)
    assert prepared(master=None, conf={"spark.master": MASTER})[0]["spark.master"] == MASTER


@pytest.mark.parametrize(
    ("host", "master"),
    [("10.0.0.1", "k8s://https://10.0.0.1:6443"), ("fd00::1", "k8s://https://[fd00::1]:6443")],
)
def test_a_pod_knows_its_own_cluster(host: str, master: str, tmp_path: Path) -> None:
    variables = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "6443"}
    assert _kubernetes.of_this_pod(variables, tmp_path) == []
    (tmp_path / "namespace").write_text("team\n")
    assert session.as_conf(_kubernetes.of_this_pod(variables, tmp_path)) == {
        "spark.master": master,
        "spark.kubernetes.namespace": "team",
    }
    assert _kubernetes.of_this_pod({}, tmp_path) == []


def test_a_pod_gets_what_ray_needs_and_the_user_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    rows, _ = prepared(cores=2, object_store_memory="200m")

    # The object store plus 5 %, and staging of a quarter of the store.
    shared = 210 + 50
    assert rows[f"spark.kubernetes.executor.{SHM}.mount.path"] == "/dev/shm"
    assert rows[f"spark.kubernetes.executor.{SHM}.options.medium"] == "Memory"
    assert rows[f"spark.kubernetes.executor.{SHM}.options.sizeLimit"] == f"{shared}Mi"
    # For the JVM, for the node, for two workers, and /dev/shm.
    assert rows["spark.executor.memoryOverhead"] == f"{384 + 512 + 2 * 512 + shared}m"
    assert rows["spark.decommission.enabled"] == "true"
    assert rows["spark.executor.maxNumFailures"] == "13"
    assert not any(key.startswith("spark.kubernetes.driver.volumes") for key in rows)
    assert "a /dev/shm of 260 MiB, of which the object store takes 200 MiB" in (
        capsys.readouterr().err
    )


def test_a_driver_in_a_pod_gets_what_the_head_needs() -> None:
    rows, _ = prepared(PODS_CLUSTER, driver_memory="1g", object_store_memory="200m")
    assert rows[f"spark.kubernetes.driver.{SHM}.options.sizeLimit"] == "260Mi"
    assert rows["spark.driver.memoryOverhead"] == f"{384 + 2 * 512 + 512 + 260}m"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.decommission.enabled", "false"),
        ("spark.executor.memoryOverhead", "3g"),
        ("spark.kubernetes.executor.volumes.hostPath.mine.mount.path", "/dev/shm"),
    ],
)
def test_settings_of_the_user_are_kept(key: str, value: str) -> None:
    rows, _ = prepared(conf={key: value})
    assert rows[key] == value
    if "volumes" in key:
        assert f"spark.kubernetes.executor.{SHM}.mount.path" not in rows


def test_nothing_is_prepared_if_prepare_pods_is_false() -> None:
    rows, _ = prepared(prepare_pods=False)
    assert not any("memoryOverhead" in key or "rayonspark" in key for key in rows)


def test_staging_that_the_user_has_sized_counts() -> None:
    rows, _ = prepared(object_store_memory="100m", conf={"spark.rayonspark.stagingMemory": "1g"})
    size = rows[f"spark.kubernetes.executor.{SHM}.options.sizeLimit"]
    assert size == f"{105 + 1024}Mi"


def test_an_archive_brings_its_interpreter() -> None:
    rows, variables = prepared(penv_archive="s3a://b/e.tar.gz")
    assert rows["spark.archives"] == "s3a://b/e.tar.gz#python_env"
    assert rows["spark.pyspark.python"] == "./python_env/bin/python"
    assert variables == {"PYSPARK_PYTHON": "./python_env/bin/python"}


@pytest.mark.parametrize(
    ("argument", "file", "seen"),
    [
        ("jars", "a.jar", False),
        ("extra_python_lib", "file:///a.py", False),
        ("penv_archive", "e.tar.gz", False),
        ("jars", "local:///opt/a.jar", True),
        ("jars", "https://h/a.jar", True),
    ],
)
def test_a_driver_in_a_pod_sees_no_file_of_this_machine(
    argument: str, file: str, seen: bool
) -> None:
    arguments: dict[str, Any] = {argument: file}
    upload = {_submit.UPLOAD_KEY: "s3a://b/up"}
    prepared(PODS_CLUSTER, conf=upload, **arguments)
    prepared(PODS, **arguments)
    if seen:
        prepared(PODS_CLUSTER, **arguments)
    else:
        with pytest.raises(InvalidSpecException, match="a file of this machine, and the driver"):
            prepared(PODS_CLUSTER, **arguments)


class FakePod:
    """A driver's pod that ends immediately."""

    words: tuple[str, ...] = ()

    def __init__(self, jvm: object, words: list[str]) -> None:
        FakePod.words = tuple(words)
        self.closed = False

    def name(self) -> str:
        return "a-driver"

    def ended(self) -> bool:
        return True

    def progress(self) -> str:
        return ""

    def exit_code(self) -> int:
        return 7

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("conf", "script", "jars"),
    [({}, "local://{}", False), ({_submit.UPLOAD_KEY: "s3a://b/up"}, "{}", True)],
    ids=["image", "upload"],
)
def test_a_script_runs_in_a_pod_and_this_process_exits_with_its_code(
    conf: dict[str, str], script: str, jars: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark import java_gateway

    file = tmp_path / "main.py"
    monkeypatch.setattr(_submit, "our_jar", lambda build: Path("/opt/ours.jar"))
    monkeypatch.setattr(_submit._jvm, "JvmDriverPod", FakePod)
    monkeypatch.setattr(java_gateway, "launch_gateway", lambda: types.SimpleNamespace(jvm=None))
    monkeypatch.setitem(
        _submit.sys.modules, "__main__", types.SimpleNamespace(__file__=str(file), __spec__=None)
    )
    monkeypatch.setattr(_submit.sys, "argv", ["main.py", "a word"])

    with pytest.raises(SystemExit) as left:
        _submit.run({"spark.master": MASTER, **conf}, {}, PODS_CLUSTER)

    assert left.value.code == 7
    assert FakePod.words[-2:] == (script.format(file), "a word")
    assert ("spark.jars=/opt/ours.jar" in FakePod.words) is jars
