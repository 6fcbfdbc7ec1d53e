import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from rayonspark import InvalidSpecException, _jars, _spark, _state_dir, configure_spark
from rayonspark._arguments import OrcaArguments
from rayonspark._state_dir import StateDirectory
from rayonspark._version import __version__
from rayonspark.cluster_mode import ClusterMode
from rayonspark.session import Setting, as_conf, settings

JAR = Path("/opt/rayonspark_2.13-1.jar")


class FakeBuilder:
    def __init__(self, **options: str) -> None:
        self._options = options

    def config(self, key: str, value: str) -> "FakeBuilder":
        self._options[key] = value
        return self


@pytest.mark.parametrize(
    ("options", "jars"),
    [({}, str(JAR)), ({"spark.jars": "a.jar,b.jar"}, f"a.jar,b.jar,{JAR}")],
)
def test_configure_spark_adds_our_jar_to_the_builders(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], jars: str
) -> None:
    monkeypatch.setattr(_spark, "our_jar", lambda: JAR)
    builder = FakeBuilder(**options)
    assert configure_spark(builder) is builder  # type: ignore[arg-type, comparison-overlap]
    assert builder._options["spark.jars"] == jars


def test_configure_spark_without_a_jar_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spark, "our_jar", lambda: None)
    with pytest.raises(FileNotFoundError, match="Install the wheel, or build the jar first"):
        configure_spark(FakeBuilder())  # type: ignore[arg-type]


def package_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = folder / "rayonspark"
    monkeypatch.setattr(_jars, "__file__", str(package / "_jars.py"))
    return package


def test_a_package_without_a_jar_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package_in(tmp_path, monkeypatch)
    assert _jars.our_jar() is None


def test_the_wheels_jar_of_this_version_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = package_in(tmp_path, monkeypatch) / "jars"
    jars.mkdir(parents=True)
    names = [f"rayonspark_2.13-{version}.jar" for version in ("0.0.1", __version__, "9.9.9")]
    for name in names:
        (jars / name).touch()
    assert _jars.our_jar() == jars / names[1]


def test_a_package_inside_a_jar_is_in_that_jar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = tmp_path / "org.rayonspark_rayonspark_2.13-1.jar"
    jar.touch()
    package_in(jar, monkeypatch)
    assert _jars.our_jar() == jar


def rows(mode: ClusterMode, **arguments: object) -> list[Setting]:
    return settings(OrcaArguments(**arguments), mode)  # type: ignore[arg-type]


def test_a_jvm_that_runs_cannot_change_its_memory() -> None:
    with pytest.raises(InvalidSpecException) as raised:
        _spark._in_live(rows(ClusterMode.LOCAL, memory="4g"), {"spark.driver.memory": "2g"})
    assert str(raised.value) == (
        "The JVM of this process runs since an earlier SparkContext, and it cannot honour memory "
        "(spark.driver.memory='4096m'), and it is '2g'. Leave that out, or start a new Python "
        "process."
    )


def test_a_jvm_that_runs_keeps_its_memory_when_nothing_is_asked() -> None:
    rest = _spark._in_live(rows(ClusterMode.LOCAL, cores=1), {})
    assert as_conf(rest) == {"spark.master": "local[1]", "spark.app.name": "RayOnSpark"}


def test_spark_submit_wins_over_arguments_and_says_so() -> None:
    there = {"spark.executor.memory": "8g", "spark.app.name": "mine", "spark.master": "spark://h:1"}
    wanted = rows(ClusterMode.SUBMIT, memory="4g", cores=2, conf={"spark.x": "1"})
    with pytest.warns(RuntimeWarning) as warned:
        rest = _spark._beside_submit(wanted, there)
    assert as_conf(rest) == {"spark.executor.cores": "2", "spark.x": "1"}
    assert str(warned[0].message) == (
        "spark-submit has decided otherwise than these arguments: memory "
        "(spark.executor.memory='4096m'), and it is '8g'. Its values are used."
    )


def test_an_environment_is_lent_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_A", "before")
    monkeypatch.delenv("ROS_B", raising=False)
    with _spark._environment({"ROS_A": "a", "ROS_B": "b"}):
        assert (os.environ["ROS_A"], os.environ["ROS_B"]) == ("a", "b")
    assert os.environ["ROS_A"] == "before"
    assert "ROS_B" not in os.environ


def test_a_jvms_output_is_copied(capsys: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    os.write(write, b"hello\n\xff\n")
    os.close(write)
    empty, end = os.pipe()
    os.close(end)
    process = SimpleNamespace(stdout=os.fdopen(read, "rb"), stderr=os.fdopen(empty, "rb"))
    for thread in _spark._pump(process):  # type: ignore[arg-type]
        thread.join(5)
    assert capsys.readouterr().out == "hello\n\ufffd\n"


def test_a_state_directory_is_private_and_follows_the_users_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    directory = StateDirectory.create()
    assert directory.path.parent == tmp_path / "rayonspark"
    assert directory.path.stat().st_mode & 0o777 == 0o700
    directory.release()
    directory.release()


def test_without_a_usable_choice_the_state_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _state_dir._state_home() == tmp_path / ".local" / "state" / "rayonspark"


def test_old_state_goes_and_state_in_use_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    directories = [StateDirectory.create() for _ in range(_state_dir._KEPT + 2)]
    for age, directory in enumerate(reversed(directories)):
        os.utime(directory.path, (1_000_000 - age, 1_000_000 - age))
    directories[1].release()
    newest = StateDirectory.create()
    there = [directory.path.exists() for directory in directories]
    assert there == [True, False] + [True] * _state_dir._KEPT
    for directory in [*directories, newest]:
        directory.release()
