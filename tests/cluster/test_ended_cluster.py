"""What a program sees when its cluster ends while it waits for Ray: an error, not an exit."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from .leftovers import Leftovers, child_named, eventually, is_alive
from .program import Program
from .sessions import PREAMBLE

WAITING = (
    PREAMBLE
    + """
import json, logging, threading
import ray
logging.basicConfig(format="LOG %(levelname)s %(name)s %(message)s")
spark = session("local[2]")
cluster = RayCluster.start(spark, object_store_memory="100m")
# Ray's thread for logs would ask a dead GCS, and ray.shutdown() would wait for it without end.
from ray.autoscaler.v2 import utils
assert utils.cached_is_autoscaler_v2 is not None

@ray.remote(num_cpus=0)
def endless():
    time.sleep(3600)

ref = endless.remote()
say(cluster.nodes[0].pid, cluster.id)
"""
)

TWO_THREADS = (
    WAITING
    + """
seen = {}

def wait(who):
    try:
        ray.get(ref)
    except BaseException as error:
        seen[who] = f"{type(error).__name__} {error}"

def end():
    command = sys.stdin.readline().strip()
    {"stop": cluster.stop, "spark": spark.stop}.get(command, lambda: None)()

threads = [threading.Thread(target=wait, args=("second",)), threading.Thread(target=end)]
for thread in threads:
    thread.start()
wait("main")
for thread in threads:
    thread.join()
say(json.dumps([seen.get("main"), seen.get("second"), cluster.failure and str(cluster.failure)]))
for call in (endless.remote, lambda: ray.put(1), cluster.connect, lambda: ray.get(ref)):
    try:
        call()
        say("went through")
    except errors.ClusterStoppedException as error:
        say(json.dumps(str(error)))
say(ray.is_initialized(), os.path.exists(os.path.expanduser("~/.ray")))
cluster.stop()
spark.stop()
say("end")
"""
)


def errors_logged(program: Program) -> list[str]:
    return [line for line in program.output if line.startswith("LOG ERROR rayonspark")]


def ending(program: Program) -> tuple[str, str | None]:
    """The error that both threads saw, which must be the same, and the cluster's failure."""
    main, second, failure = json.loads(program.line())
    assert main == second
    kind, text = main.split(" ", 1)
    assert kind == "ClusterStoppedException"
    return text, failure


def assert_nothing_else_starts(program: Program, text: str) -> None:
    """Each later call raises the same error, and the program runs to its own end."""
    assert [json.loads(program.line()) for _ in range(4)] == [text] * 4
    assert program.line() == "False False"
    assert program.line() == "end"
    assert program.wait() == 0


@pytest.mark.parametrize("name", ["gcs_server", "raylet"])
def test_the_death_of_the_head_is_an_error_in_every_waiting_thread(
    run_program: Callable[..., Program], tmp_path: Path, name: str
) -> None:
    program = run_program(TWO_THREADS, env={"HOME": str(tmp_path)})
    head, cluster_id = program.line().split()
    program.say("nothing")
    child_named(int(head), name).kill()
    text, failure = ending(program)
    assert failure is not None
    assert "exited with code" in failure
    assert text == (
        f"Ray cluster {cluster_id} failed: {failure} Start a new one with RayCluster.start(), or "
        "call ray.init() to use another Ray."
    )
    assert_nothing_else_starts(program, text)
    assert len(errors_logged(program)) == 1


@pytest.mark.parametrize("command", ["stop", "spark"])
def test_a_stop_by_another_thread_is_an_error_in_every_waiting_thread(
    run_program: Callable[..., Program], tmp_path: Path, command: str
) -> None:
    program = run_program(TWO_THREADS, env={"HOME": str(tmp_path)})
    _, cluster_id = program.line().split()
    program.say(command)
    text = (
        f"Ray cluster {cluster_id} was stopped. Start a new one with RayCluster.start(), or call "
        "ray.init() to use another Ray."
    )
    assert ending(program) == (text, None)
    assert_nothing_else_starts(program, text)
    assert errors_logged(program) == []


def test_an_unhandled_end_of_the_cluster_is_a_traceback_and_exit_status_1(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    program = run_program(WAITING + "ray.get(ref)", env={"HOME": str(tmp_path)})
    head, cluster_id = program.line().split()
    child_named(int(head), "gcs_server").kill()
    assert program.wait() == 1
    assert f"ClusterStoppedException: Ray cluster {cluster_id} failed: " in program.text()
    assert len(errors_logged(program)) == 1


FORKING = (
    PREAMBLE
    + """
spark = session("local[2]")
cluster = RayCluster.start(spark, object_store_memory="100m", connect={connect})
child = os.fork()
if child == 0:
    {in_child}
say(cluster.nodes[0].pid, spark.sparkContext._gateway.proc.pid, child)
sys.stdin.readline()
say(os.waitpid(child, 0)[1], cluster.state, [node.state for node in cluster.nodes])
cluster.stop()
spark.stop()
say("end")
"""
)


def forking(connect: bool, in_child: str) -> str:
    return FORKING.replace("{connect}", str(connect)).replace("{in_child}", in_child)


def test_a_forked_child_that_exits_does_not_stop_its_parents_cluster(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(forking(False, "sys.exit(7)"))
    program.line()
    program.say("go on")
    assert program.line() == f"{7 << 8} running ['alive']"
    assert program.line() == "end"
    assert program.wait() == 0


def test_a_forked_child_that_outlives_the_program_keeps_nothing_running(
    run_program: Callable[..., Program], leaves_nothing_behind: Leftovers
) -> None:
    program = run_program(forking(True, "time.sleep(3600)"))
    head, jvm, child = (int(word) for word in program.line().split())
    try:
        os.kill(program.process.pid, signal.SIGKILL)
        leaves_nothing_behind.assert_none(20)
        assert eventually(lambda: not is_alive(jvm), 20)
        assert not is_alive(head)
        assert is_alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
