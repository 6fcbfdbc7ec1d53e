"""The guard with a stand-in for Ray: how a node ends, and that it leaves nothing behind."""

import os
import shutil
import signal
import stat
import sys
import time

import children
from conftest import LONG_GRACE_S, eventually


def test_a_guard_without_commands_ends_with_the_jvm(start):
    node = start(children.POLITE)
    node.process.stdin.close()
    node.wait_for_end()
    assert not node.directory.exists()


def test_a_polite_child_ends_within_its_grace(start):
    node = start(children.POLITE)
    node.wait_for("hello")
    node.launch(["start", "--head"])
    eventually(lambda: b"launched" in (node.directory / "ray.out").read_bytes())
    node.stop(LONG_GRACE_S)
    ended = node.wait_for("exit")
    assert ended["asked"] is True
    assert ended["code"] == 128 + signal.SIGTERM
    assert ended["tail"] == ["launched with start --head"]
    assert not node.directory.exists()
    node.wait_for_end()


def test_the_exit_of_a_failed_child_has_its_last_output_and_nothing_outlives_it(start):
    node = start(children.FAILING)
    node.launch()
    ended = node.wait_for("exit")
    assert (ended["code"], ended["asked"], ended["tail"]) == (3, False, ["no port", "for GCS"])
    node.wait_for_end()
    assert start.pids() == []
    assert not node.directory.exists()


def test_a_node_that_has_drained_ends_by_itself(start):
    node = start(children.DRAINING)
    node.launch()
    node.drain(LONG_GRACE_S)
    ended = node.wait_for("exit")
    assert (ended["code"], ended["asked"]) == (0, True)
    assert ended["tail"] == [f"drains for {LONG_GRACE_S}"]
    node.wait_for_end()
    assert not node.directory.exists()


def test_a_node_that_never_launched_has_nothing_to_drain(start):
    node = start()
    node.wait_for("hello")
    node.drain(LONG_GRACE_S)
    assert node.wait_for("exit")["asked"] is True
    assert not node.directory.exists()


def test_a_drain_that_does_not_finish_is_ended_after_its_timeout(start):
    node = start(children.BUSY)
    node.launch()
    told_at = time.monotonic()
    node.drain(0.5)
    ended = node.wait_for("exit")
    assert time.monotonic() - told_at >= 0.5
    assert (ended["code"], ended["asked"]) == (128 + signal.SIGKILL, True)
    node.wait_for_end()
    assert start.pids() == []


def draining(start):
    """A node in the middle of a long drain, with a child that would outlive it."""
    node = start(children.BUSY)
    node.wait_for("hello")
    node.launch()
    node.drain(LONG_GRACE_S)
    eventually(lambda: b"drains" in (node.directory / "ray.out").read_bytes())
    return node


def test_the_end_of_the_lease_ends_a_drain(start):
    node = draining(start)
    node.process.stdin.close()
    eventually(lambda: start.pids() == [])
    assert not node.directory.exists()


def test_a_stop_ends_a_drain(start):
    node = draining(start)
    node.stop(grace_s=0.1)
    assert node.wait_for("exit")["asked"] is True
    node.wait_for_end()
    assert start.pids() == []


def test_a_stubborn_tree_is_killed_when_the_grace_is_over(start):
    node = start(children.STUBBORN)
    node.wait_for("hello")
    # Two of them are started by processes that nothing waits for.
    eventually(lambda: len(start.pids()) == 6)
    told_at = time.monotonic()
    node.stop(grace_s=0.5)
    ended = node.wait_for("exit")
    assert time.monotonic() - told_at >= 0.5
    assert (ended["code"], ended["asked"]) == (128 + signal.SIGKILL, True)
    node.wait_for_end()
    assert start.pids() == []


def test_a_stubborn_tree_ends_when_the_jvm_dies(start):
    node = start(children.STUBBORN)
    node.wait_for("hello")
    node.process.stdin.close()
    eventually(lambda: start.pids() == [])
    assert not node.directory.exists()


def test_a_lost_lease_shortens_a_long_grace(start):
    node = start(children.STUBBORN)
    node.wait_for("hello")
    node.stop(LONG_GRACE_S)
    node.process.stdin.close()
    eventually(lambda: start.pids() == [])


def test_a_tree_that_forks_while_it_is_killed_ends_completely(start):
    node = start(children.FORKING)
    node.wait_for("hello")
    eventually(lambda: len(start.pids()) > 10)
    node.stop(grace_s=0.0)
    node.wait_for("exit")
    node.wait_for_end()
    assert start.pids() == []


def test_a_guard_that_is_terminated_stops_its_node(start):
    node = start(children.POLITE)
    node.wait_for("hello")
    node.process.terminate()
    assert node.wait_for("exit")["asked"] is False
    assert not node.directory.exists()


def test_the_child_of_a_killed_guard_ends_too(start):
    node = start(children.POLITE)
    node.wait_for("hello")
    node.process.kill()
    eventually(lambda: start.pids() == [])
    # The guard can no longer remove it; the JVM or a later node's sweep would.
    shutil.rmtree(node.directory)


def test_ctrl_c_at_the_terminal_does_not_reach_the_node(start):
    # The launcher leads the group that a terminal would signal, as a JVM does.
    launcher = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, lambda *_: print("^C", file=sys.stderr, flush=True))
subprocess.Popen(sys.argv[1:]).wait()
"""
    node = start(children.POLITE, prefix=(sys.executable, "-c", launcher), new_session=True)
    node.wait_for("hello")
    os.killpg(node.process.pid, signal.SIGINT)
    eventually(lambda: b"^C" in (node.directory / "guard.err").read_bytes())
    node.launch(["after", "Ctrl-C"])
    eventually(lambda: b"after Ctrl-C" in (node.directory / "ray.out").read_bytes())
    node.stop()
    assert node.wait_for("exit")["asked"] is True


def test_two_nodes_on_one_host_do_not_disturb_each_other(start):
    one, other = start(children.STUBBORN), start(children.STUBBORN)
    one.wait_for("hello")
    pid = other.wait_for("hello")["pid"]
    one.stop(grace_s=0.1)
    one.wait_for("exit")
    one.wait_for_end()
    assert pid in start.pids()
    assert len(start.pids()) == 6
    assert other.directory.exists()


def test_logs_are_kept_within_limits_and_nothing_else_is_kept(start, tmp_path):
    logs = tmp_path / "kept" / "node-1"
    node = start(children.LOGGING)
    node.launch(log_directory=logs)
    node.wait_for("hello")
    node.stop()
    ended = node.wait_for("exit")
    assert ended["tail"] == []
    assert (logs / "raylet.out").read_text() == "small\n"
    assert (logs / "events" / "event.log").read_text() == "deep\n"
    assert (logs / "huge.log").read_bytes().endswith(b"the end")
    assert (logs / "huge.log").stat().st_size == 8 << 20
    assert not os.path.lexists(logs / "passwd")
    assert not os.path.lexists(logs / "fifo")
    assert not node.directory.exists()


def test_logs_in_a_shared_log_directory_have_flat_names_with_a_prefix(start, tmp_path):
    (tmp_path / "stdout").write_text("a JVM's own")
    node = start(children.LOGGING)
    node.launch(log_directory=tmp_path, log_prefix="ray-1-")
    node.wait_for("hello")
    node.stop()
    assert node.wait_for("exit")["tail"] == []
    kept = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert kept >= {"stdout", "ray-1-raylet.out", "ray-1-events-event.log", "ray-1-huge.log"}
    assert not (tmp_path / "events").exists()


def test_logs_in_a_shared_log_directory_are_copied_before_ray_has_ended(start, tmp_path):
    node = start(children.STUBBORN)
    node.launch(log_directory=tmp_path, log_prefix="ray-1-")
    node.wait_for("hello")
    node.process.stdin.close()
    eventually(lambda: (tmp_path / "ray-1-ray.out").exists())
    assert os.path.exists(f"/proc/{node.events[0]['pid']}")
    node.wait_for("exit")


def test_a_shared_log_directory_that_is_gone_is_not_created_again(start, tmp_path):
    node = start(children.LOGGING)
    node.launch(log_directory=tmp_path / "container", log_prefix="ray-1-")
    node.wait_for("hello")
    node.stop()
    assert "is gone" in node.wait_for("exit")["tail"][-1]
    assert not (tmp_path / "container").exists()


def test_directories_are_removed_even_if_the_logs_cannot_be_copied(start, tmp_path):
    (tmp_path / "a-file").write_text("")
    staging = tmp_path / "staging"
    (staging / "inner").mkdir(parents=True)
    node = start(children.LOGGING)
    node.launch(
        log_directory=tmp_path / "a-file" / "logs", remove=[staging, tmp_path / "never-was"]
    )
    node.wait_for("hello")
    node.stop()
    ended = node.wait_for("exit")
    assert ended["tail"][-1].startswith(
        f'Ray\'s logs could not be copied to "{tmp_path}/a-file/logs"'
    )
    assert not node.directory.exists()
    assert not staging.exists()


def test_a_long_output_arrives_as_one_short_line(start):
    talker = children.POLITE.replace(
        "signal.pause()", "print('ü' * 100000, flush=True); print('last')"
    )
    node = start(talker)
    node.launch()
    tail = node.wait_for("exit")["tail"]
    assert tail[-1] == "last"


def test_the_child_has_the_given_environment_and_no_other(start):
    node = start(
        children.POLITE.replace("signal.pause()", "print(sorted(os.environ))"), env={"A": "1"}
    )
    node.launch()
    names = node.wait_for("exit")["tail"][-1]
    for name in ("'A'", "'HOME'", "'PATH'"):
        assert name in names
    assert "PYTEST" not in names


def test_an_exception_in_the_guard_leaves_nothing(start):
    node = start(children.STUBBORN)
    node.wait_for("hello")
    node.process.stdin.write(b"no json\n")
    node.process.stdin.flush()
    assert "JSONDecodeError" in "".join(node.wait_for("exit")["tail"])
    assert not node.directory.exists()


def test_a_lock_is_held_for_the_life_of_the_node(start):
    node = start(children.POLITE)
    node.wait_for("hello")
    assert stat.S_IMODE((node.directory / "lock").stat().st_mode) == 0o600
    assert not (node.directory / "lock.tmp").exists()
