"""The guard with Ray itself: a head and a worker on this machine."""

import contextlib
import pathlib
import secrets
import shutil
import subprocess
import sys

import psutil
import pytest
from conftest import LONG_GRACE_S, eventually
from real_ray import launch_head, launch_worker

# A user's task may leave processes in sessions of their own. Ray ends a worker's own children, and
# nobody but the guard ends theirs.
USER = """
import ray
ray.init(address="{address}", log_to_driver=False)
@ray.remote(num_cpus=1)
def leave():
    import subprocess
    return int(subprocess.check_output("setsid sleep 1000 >/dev/null & echo $!", shell=True))
print(ray.get(leave.remote()))
"""


# A task that runs for a while, and says in a file that it has begun.
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

    def leave_a_users_process(self):
        """Has a task start a process in a session of its own; returns its pid."""
        told = subprocess.run(
            [sys.executable, "-c", USER.format(address=self.address)],
            env={"PATH": "/usr/bin:/bin", **self.env},
            capture_output=True,
            check=True,
        )
        return int(told.stdout)

    def begin_a_task(self, seconds):
        """A program whose task runs on the worker, and ends in so many seconds."""
        begun = self.logs / "begun"
        source = LATE.format(address=self.address, begun=begun, seconds=seconds)
        program = subprocess.Popen(
            [sys.executable, "-c", source],
            env={"PATH": "/usr/bin:/bin", **self.env},
            stdout=subprocess.PIPE,
            text=True,
        )
        # A first worker process takes long where others build.
        eventually(begun.exists, limit_s=60.0)
        return program


@pytest.fixture
def cluster(start, tmp_path):
    return Cluster(start, tmp_path)


def command_lines():
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        # One that is gone has none.
        with contextlib.suppress(OSError):
            yield entry.read_bytes()


def stop(node):
    node.stop(grace_s=1.0)
    assert node.wait_for("exit")["asked"] is True
    node.wait_for_end()
    assert not node.directory.exists()


def test_a_cluster_runs_and_stops_and_leaves_only_its_logs(cluster, start):
    pid = cluster.leave_a_users_process()
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


def test_all_is_gone_after_the_jvms_death(cluster, start):
    cluster.leave_a_users_process()
    cluster.head.process.stdin.close()
    cluster.worker.process.stdin.close()
    eventually(lambda: start.pids() == [])
    assert not cluster.head.directory.exists()
    assert not cluster.worker.directory.exists()


def test_ray_follows_a_killed_guard_and_the_head_sees_it(cluster, start):
    guard = psutil.Process(cluster.worker.process.pid)
    doomed = {child.pid for child in guard.children(recursive=True)}
    cluster.worker.process.kill()
    assert cluster.head.wait_for("node", 30, name="worker-0")["alive"] is False
    eventually(lambda: doomed.isdisjoint(start.pids()))
    stop(cluster.head)
    eventually(lambda: start.pids() == [])
    # The head may have swept it already, in its idle time.
    shutil.rmtree(cluster.worker.directory, ignore_errors=True)


def test_a_killed_raylet_ends_its_node_and_the_exit_says_why(cluster, start):
    raylets = [
        pid
        for pid in start.pids()
        if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].endswith(b"/raylet")
        and str(cluster.worker.directory).encode()
        in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        + pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert len(raylets) == 1
    subprocess.run(["kill", "-9", str(raylets[0])], check=True)
    ended = cluster.worker.wait_for("exit")
    assert (ended["code"], ended["asked"]) == (1, False)
    assert "raylet" in "\n".join(ended["tail"])
    assert not cluster.worker.directory.exists()


def test_what_runs_on_a_node_that_drains_may_finish_and_then_the_node_ends(cluster, start):
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
