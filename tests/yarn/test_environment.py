"""The Python environment is sent to hosts that lack it; Ray ends with the driver."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers

from .conftest import Client

WITHIN_S = 15.0


def test_the_active_venv_is_sent_and_packed_only_once(
    small_venv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start_client: Callable[..., Client],
    leaves_nothing_behind: Leftovers,
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    client = start_client(python=small_venv / "bin/python", init_ray_on_spark=True)

    for task in client.ask("tasks"):
        assert "/container_" in task["prefix"]
        assert task["prefix"].endswith("/python_env")
    assert client.ask("imported", "only_here", "WORD") == ["travelled", "travelled"]
    assert "packing the environment" in client.program.text()
    assert "every host must have" in client.program.text()
    # What the next start would do.
    again = "from rayonspark._packing import packed; print(packed())"
    found = subprocess.run(
        [small_venv / "bin/python", "-c", again],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "packing the environment" not in found.stderr
    assert Path(found.stdout.strip()).is_relative_to(tmp_path / "cache")

    client.program.process.kill()

    client.program.wait()
    leaves_nothing_behind.assert_none(WITHIN_S)
