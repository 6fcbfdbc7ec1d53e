import os
from pathlib import Path

import pytest
from rayonspark import RayOnSparkException, _gateway, _jars, _spark, _state_dir, configure_spark
from rayonspark._state_dir import StateDirectory
from rayonspark._versions import SparkVersion, builds

BUILD = builds()[-1]
JAR = Path("/opt", BUILD.jar)


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
def test_configure_spark_adds_our_jar_to_the_jars_of_the_builder(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], jars: str
) -> None:
    monkeypatch.setattr(_gateway, "fitting_spark", lambda: SparkVersion(BUILD.pyspark, BUILD.scala))
    monkeypatch.setattr(_spark, "our_jar", {BUILD: JAR}.get)
    builder = FakeBuilder(**options)
    assert configure_spark(builder) is builder  # type: ignore[arg-type, comparison-overlap]
    assert builder._options["spark.jars"] == jars


def package_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = folder / "rayonspark"
    monkeypatch.setattr(_jars, "__file__", str(package / "_jars.py"))
    return package


def test_a_package_without_a_jar_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = package_in(tmp_path, monkeypatch)
    with pytest.raises(RayOnSparkException) as raised:
        _jars.our_jar(BUILD)
    assert str(raised.value) == (
        f"The Python package in {str(package)!r} has no jar for Spark {BUILD.spark} with Scala "
        f"{BUILD.scala}. Install RayOnSpark's wheel, or start Spark with --packages "
        f"{BUILD.coordinate}."
    )


def test_the_wheels_jar_for_this_spark_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = package_in(tmp_path, monkeypatch) / "jars"
    jars.mkdir(parents=True)
    for build in builds():
        (jars / build.jar).touch()
        (jars / f"{build.name}-9.9.9.jar").touch()
    assert [_jars.our_jar(build).name for build in builds()] == [b.jar for b in builds()]


def test_a_package_inside_a_jar_uses_that_jar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = tmp_path / f"org.rayonspark_{BUILD.jar}"
    jar.touch()
    package_in(jar, monkeypatch)
    assert _jars.our_jar(BUILD) == jar
    with pytest.raises(RayOnSparkException, match=r"has no jar for Spark 3\.5 with Scala 2\.12"):
        _jars.our_jar(builds()[0])


def test_a_state_directory_is_private_and_in_xdg_state_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    directory = StateDirectory.create()
    assert directory.path.parent == tmp_path / "rayonspark"
    assert directory.path.stat().st_mode & 0o777 == 0o700
    directory.release()
    directory.release()


def test_old_state_is_deleted_and_state_in_use_is_kept(
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
