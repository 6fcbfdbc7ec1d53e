"""The guard with Ray itself: a head and a worker on this machine."""

import contextlib
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys

import psutil
import pytest
from conftest import LONG_GRACE_S, eventually
from real_ray import launch_head, launch_worker

# A user's task may leave processes in sessions of their own. Ray ends a worker's own children, but
# only the guard ends their children.
USER = """
import ray
ray.init(address="{address}", log_to_driver=False)
@ray.remote(num_cpus=1)
def leave():
    import subprocess
    return int(subprocess.check_output("setsid sleep 1000 >/dev/null & echo $!", shell=True))
print(ray.get(leave.remote()))
"""


# A task that runs for a while, and creates a file when it begins.
LATE = """
import pathlib, ray, time
ray.init(address="{address}", log_to_driver=False)
@ray.remote(num_cpus=1, max_retries=0)
def late():
    pathlib.Path("{begun}").touch()
    time.sleep({seconds})
    return "done"
print(ray.get(late.remote()))
"""

TASK_S = 3.0


class Cluster:
    def __init__(self, start, logs):
        self.token = secrets.token_hex(32)
        self.env = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.logs = logs
        self.head = start(env=self.env)
        self.worker = start(env=self.env)
        assert self.head.wait_for("hello")["ray"] is not None
        self.worker.wait_for("hello")
        self.address = launch_head(self.head, log_directory=logs / "head")
        assert self.head.wait_for("node", 60)["alive"] is True
        launch_worker(self.worker, self.address, log_directory=logs / "worker")
        assert self.head.wait_for("node", 60)["alive"] is True

    def start_a_users_process(self):
        """Runs a task that starts a process in a session of its own; returns that process's pid."""
        told = subprocess.run(
            [sys.executable, "-c", USER.format(address=self.address)],
            env={"PATH": "/usr/bin:/bin", **self.env},
            capture_output=True,
            check=True,
        )
        return int(told.stdout)

    def begin_a_task(self, seconds):
        """Starts a program whose task runs on the worker for that many seconds."""
        begun = self.logs / "begun"
        source = LATE.format(address=self.address, begun=begun, seconds=seconds)
        program = subprocess.Popen(
            [sys.executable, "-c", source],
            env={"PATH": "/usr/bin:/bin", **self.env},
            stdout=subprocess.PIPE,
            text=True,
        )
        # The first worker process starts slowly on a machine that also runs builds.
        eventually(begun.exists, limit_s=60.0)
        return program


@pytest.fixture
def cluster(start, tmp_path):
    return Cluster(start, tmp_path)


def command_lines():
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        # A process that has just ended has no command line.
        with contextlib.suppress(OSError):
            yield entry.read_bytes()


def stop(node):
    node.stop(grace_s=1.0)
    assert node.wait_for("exit")["asked"] is True
    node.wait_for_end()
    assert not node.directory.exists()


def test_a_cluster_runs_and_stops_and_leaves_only_its_logs(cluster, start):
    pid = cluster.start_a_users_process()
    assert pid in start.pids()
    assert not any(cluster.token.encode() in line for line in command_lines())

    stop(cluster.worker)
    assert pid not in start.pids()
    assert cluster.head.wait_for("node", name="worker-0")["alive"] is False
    stop(cluster.head)
    assert start.pids() == []

    kept = [path for path in cluster.logs.rglob("*") if path.is_file()]
    assert {"raylet.out", "gcs_server.out", "ray.out"} <= {path.name for path in kept}
    assert not [path for path in kept if cluster.token.encode() in path.read_bytes()]


def test_everything_is_gone_after_the_jvm_dies(cluster, start):
    cluster.start_a_users_process()
    cluster.head.process.stdin.close()
    cluster.worker.process.stdin.close()
    eventually(lambda: start.pids() == [])
    assert not cluster.head.directory.exists()
    assert not cluster.worker.directory.exists()


def test_ray_ends_with_a_killed_guard_and_the_head_sees_it(cluster, start):
    guard = psutil.Process(cluster.worker.process.pid)
    doomed = {child.pid for child in guard.children(recursive=True)}
    cluster.worker.process.kill()
    assert cluster.head.wait_for("node", 30, name="worker-0")["alive"] is False
    eventually(lambda: doomed.isdisjoint(start.pids()))
    stop(cluster.head)
    eventually(lambda: start.pids() == [])
    # The head may have swept it already, in its idle time.
    shutil.rmtree(cluster.worker.directory, ignore_errors=True)


def pid_on_worker(cluster, start, program):
    """The process of the worker node that runs this program."""
    (pid,) = (
        pid
        for pid in start.pids()
        for process in [pathlib.Path(f"/proc/{pid}")]
        # Not the later words: a raylet's command line also contains those of its agents.
        if any(
            word.endswith(program) for word in (process / "cmdline").read_bytes().split(b"\0")[:3]
        )
        and str(cluster.worker.directory).encode()
        in (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    )
    return pid


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        pytest.param(b"/raylet", "raylet", id="raylet"),
        # The raylet then ends by itself, with exit code 0.
        pytest.param(b"/dashboard/agent.py", "agent_name = dashboard_agent", id="agent"),
    ],
)
def test_a_node_without_its_raylet_ends_and_the_exit_says_why(cluster, start, program, cause):
    output = cluster.worker.directory / "ray.out"
    eventually(lambda: b"will now block forever" in output.read_bytes(), limit_s=60.0)
    os.kill(pid_on_worker(cluster, start, program), signal.SIGKILL)
    ended = cluster.worker.wait_for("exit", 60)
    assert (ended["code"], ended["asked"]) == (1, False)
    assert cause in "\n".join(ended["tail"])
    assert not cluster.worker.directory.exists()


def test_a_draining_node_finishes_its_tasks_and_then_ends(cluster, start):
    program = cluster.begin_a_task(TASK_S)
    cluster.worker.drain(LONG_GRACE_S)
    assert program.communicate()[0] == "done\n"
    ended = cluster.worker.wait_for("exit")
    assert ended["asked"] is True
    assert cluster.head.wait_for("node", name="worker-0")["alive"] is False
    cluster.worker.wait_for_end()
    assert not cluster.worker.directory.exists()
    stop(cluster.head)
    assert start.pids() == []


def test_a_drain_ends_with_its_cluster(cluster, start):
    program = cluster.begin_a_task(LONG_GRACE_S)
    cluster.worker.drain(LONG_GRACE_S)
    program.kill()
    program.communicate()
    stop(cluster.head)
    assert cluster.worker.wait_for("exit")["asked"] is True
    cluster.worker.wait_for_end()
    assert start.pids() == []
