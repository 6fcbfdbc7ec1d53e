"""`pip install` of the wheel installs both halves, and sessions find the jar."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .artefacts import CHECKOUT, VERSION
from .report import report_in
from .user import User

PROGRAM = Path(__file__).parent / "programs/wheel.py"
ORCA = Path(__file__).parent / "programs/orca.py"


def test_without_the_wheel_there_is_no_package(user: User) -> None:
    found = "import importlib.util; print(importlib.util.find_spec('rayonspark'))"

    done = subprocess.run(
        [user.python, "-c", found], cwd=user.home, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "None"


def test_the_wheel_runs_a_cluster_on_a_session_that_it_configured(user_of_wheel: User) -> None:
    program = user_of_wheel.home / "program.py"
    program.write_text(PROGRAM.read_text())

    report = report_in(user_of_wheel.run(program))

    venv = str(user_of_wheel.home / "venv")
    assert report["package"].startswith(venv)
    assert report["jar"].startswith(venv)
    assert report["jar"].endswith(f"/jars/rayonspark-spark-4.3_2.13-{VERSION}.jar")
    assert str(CHECKOUT) not in f"{report['package']} {report['jar']}"
    assert report["fields"][:2] == ["num_nodes", "cpus_per_node"]
    assert report["states"] == ["alive"] * 3
    assert report["spark"] == 10


def test_the_wheel_can_create_its_own_session(user_of_wheel: User) -> None:
    program = user_of_wheel.home / "orca.py"
    program.write_text(ORCA.read_text())

    report = report_in(user_of_wheel.run(program))

    assert report["package_in_ray"].startswith(str(user_of_wheel.home / "venv"))
    assert report["nodes"] == 1
    assert report["spark"] == 10
