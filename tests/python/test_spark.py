import os
from pathlib import Path

import pytest
from rayonspark import _jars, _spark, _state_dir, configure_spark
from rayonspark._state_dir import StateDirectory
from rayonspark._version import __version__

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
