"""Another user of the host cannot access a running node."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.program import Program
from cluster.sessions import PREAMBLE

from . import stranger

NOBODY = 65534

RUNS = (
    PREAMBLE
    + """
os.umask(int(os.environ["TEST_UMASK"], 8))
import ray, shutil
from pathlib import Path
Path("package").mkdir()
Path("package", "module.py").write_text("OWNER = 'mine'\\n")
package = shutil.make_archive("package", "zip", ".", "package")
Path("spill").mkdir(mode=0o755)
spark = session("local[2]")
with RayCluster.start(spark, object_store_memory="100m", spill_dir=os.path.abspath("spill"),
                      log_dir=os.path.abspath("logs")) as cluster:

    @ray.remote(num_cpus=0, runtime_env={"working_dir": f"file://{package}"})
    class Actor:
        def owner(self):
            import module
            return module.OWNER

    @ray.remote(num_cpus=0)
    def lasting():
        time.sleep(3600)

    actor, task = Actor.remote(), lasting.remote()
    frame = spark.range(100000)
    dataset = cluster.to_ray(frame)
    say(ray.get(actor.owner.remote()), cluster.id, cluster.address_info["session_dir"])
    sys.stdin.readline()
say(cluster.state)
spark.stop()
"""
)


def node_directories(program: Program, tmp_path: Path) -> list[Path]:
    """The node's own directory, and its staging and spill directories."""
    owner, cluster_id, session = program.line().split()
    assert owner == "mine"
    own = Path("/tmp") / Path(session).parts[2]
    assert own.name.startswith("ros-")
    staging = list(Path("/dev/shm").glob(f"ros-stage-{cluster_id}-*"))
    spill = list((tmp_path / "spill").glob(f"ros-spill-{cluster_id}-*"))
    assert len(staging) == len(spill) == 1
    return [own, *staging, *spill]


def with_modes(paths: list[Path]) -> list[tuple[str, int]]:
    found = []
    for path in paths:
        try:
            found.append((str(path), path.lstat().st_mode))
        except FileNotFoundError:
            continue  # Ray's own files come and go
    return found


def reached(outer: list[Path], inner: list[Path]) -> list[str]:
    asked = subprocess.run(
        [sys.executable, stranger.__file__, str(NOBODY)],
        input=json.dumps([with_modes(outer), with_modes(inner)]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: list[str] = json.loads(asked.stdout)
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("umask", ["000", "022"])
def test_another_user_can_access_neither_a_running_node_nor_its_retained_logs(
    run_program: Callable[..., Program], tmp_path: Path, umask: str
) -> None:
    program = run_program(RUNS, env={"TEST_UMASK": umask})
    outer = node_directories(program, tmp_path)
    inner = [path for directory in outer for path in directory.rglob("*")]
    assert [stat.S_IMODE(path.lstat().st_mode) for path in outer] == [0o700] * len(outer)
    names = {path.name for path in inner}
    # The files that the attacks in the issue started from.
    assert {"lock", "companions.json", "logs", "module.py", "raylet", "plasma_store"} <= names
    assert reached(outer, inner) == []

    program.say("go on")
    assert program.line() == "stopped"
    assert program.wait() == 0
    (kept,) = (tmp_path / "logs").iterdir()
    assert stat.S_IMODE((tmp_path / "logs").lstat().st_mode) == 0o700
    files = list(kept.rglob("*"))
    assert "raylet.out" in {path.name for path in files}
    assert {stat.S_IMODE(path.lstat().st_mode) for path in files} <= {0o600, 0o700}
    assert reached([tmp_path / "logs"], [kept, *files]) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_check_finds_what_another_user_can_access(tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "file").touch()
    found = reached([tmp_path / "open"], [tmp_path / "open" / "file"])
    assert f"write into {tmp_path}/open" in found
    assert f"read {tmp_path}/open/file" in found
