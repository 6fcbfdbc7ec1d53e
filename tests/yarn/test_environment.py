"""The Python environment that travels to hosts which lack it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Client


@pytest.fixture
def small_venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv with one package of its own; the large ones lie where every host has them."""
    venv = tmp_path / "small"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = venv / "lib" / version / "site-packages"
    (site / "large.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    (site / "only_here.py").write_text("WORD = 'travelled'\n")
    monkeypatch.delenv("PYSPARK_PYTHON")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return venv


def test_the_active_venv_travels_and_is_packed_once(
    small_venv: Path, start_client: Callable[..., Client]
) -> None:
    first = start_client(python=small_venv / "bin/python", init_ray_on_spark=True)
    for task in first.ask("tasks"):
        assert "/container_" in task["prefix"]
        assert task["prefix"].endswith("/python_env")
    assert first.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]
    assert "packing the environment" in first.program.text()
    assert "every host must have" in first.program.text()
    first.ask("stop")

    second = start_client(python=small_venv / "bin/python")
    assert "packing the environment" not in second.program.text()
