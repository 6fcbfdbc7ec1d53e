from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from rayonspark._user_dirs import cache_directory, state_directory
from rayonspark.errors import RayOnSparkException


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return directory


def test_the_users_choice_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert state_directory() == tmp_path / "state/rayonspark"
    assert cache_directory() == tmp_path / "cache/rayonspark"
    assert state_directory().stat().st_mode & 0o777 == 0o700


def test_a_relative_choice_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local/state/rayonspark"
    assert cache_directory() == tmp_path / ".cache/rayonspark"


def test_a_home_that_cannot_be_written_is_replaced(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc/no-home")
    assert state_directory() == temporary / f"rayonspark-{os.getuid()}"
    assert state_directory().stat().st_mode & 0o777 == 0o700


def test_a_user_without_a_home_gets_a_directory(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", no_home)
    assert cache_directory() == temporary / f"rayonspark-{os.getuid()}"


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_a_replacement_that_another_user_has_made_is_refused(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc/no-home")
    replacement = temporary / f"rayonspark-{os.getuid()}"
    replacement.symlink_to(tmp_path)
    with pytest.raises(RayOnSparkException, match="does not belong to this user"):
        state_directory()


def test_a_choice_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    with pytest.raises(RayOnSparkException, match="Set XDG_CACHE_HOME to a directory that"):
        cache_directory()


def test_a_choice_may_be_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "rayonspark").symlink_to(tmp_path / "scratch")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "rayonspark"


def test_no_directory_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setenv("HOME", "/proc/no-home")
    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(RayOnSparkException, match=r"No usable .* Set XDG_STATE_HOME"):
        state_directory()
