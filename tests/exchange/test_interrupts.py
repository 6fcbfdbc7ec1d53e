"""An interrupted transfer leaves nothing behind: no file, no job, no task."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.program import Program, runs_programs
from cluster.sessions import LOCAL_CLUSTER_ENV, PREAMBLE

FILES = """
import glob, ray, threading
def files(cluster):
    return [p for p in glob.glob(f"/dev/shm/ros-stage-{cluster.id}-*/**/*", recursive=True)
            if os.path.isfile(p)]
def until(condition, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
"""

APPLICATION = (
    PREAMBLE
    + FILES
    + """
import signal
from py4j.clientserver import ClientServerConnection

spark = session({master})
context = spark.sparkContext
tracker = context.statusTracker()
cluster = RayCluster.start(spark, object_store_memory="200m", staging_memory="40m")

def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

def say_what_is_left():
    say(until(lambda: not files(cluster)), "no files")
    say(until(lambda: not tracker.getActiveJobsIds()), "no jobs")
    say(cluster.to_ray(spark.range(10)).count())

def to_ray_meanwhile(act):
    # Twenty times what staging holds.
    df = spark.range(0, 100_000_000, 1, 16)
    watch = threading.Thread(target=lambda: (until(lambda: files(cluster)), act()))
    watch.start()
    try:
        cluster.to_ray(df)
        say("went through")
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    except errors.RayOnSparkException as error:
        say(type(error).__name__, error)
    watch.join()
    say_what_is_left()

def ctrl_c_during_to_ray():
    to_ray_meanwhile(lambda: say("staging"))

def cancel_all_jobs_during_to_ray():
    to_ray_meanwhile(context.cancelAllJobs)

def slow_reads(batches):
    for batch in batches:
        time.sleep(0.2)
        yield batch

def cancel_all_jobs_while_spark_reads():
    # Four times what staging holds: files appear and disappear while Spark reads.
    dataset = ray.data.range(20_000_000, override_num_blocks=20).materialize()
    df = cluster.to_spark(dataset)
    def reading():
        return cluster.last_exchange.local_share and tracker.getActiveJobsIds()
    threading.Thread(target=lambda: (until(reading), context.cancelAllJobs())).start()
    try:
        df.mapInArrow(slow_reads, df.schema).groupBy().sum("id").first()
        say("went through")
    except Exception as error:
        say("cancelled" in str(error).lower(), "cancelled")
    # The frame works as before, and is cleaned up like any other.
    say(df.groupBy().sum("id").first()[0] == 20_000_000 * 19_999_999 // 2)
    del df
    say_what_is_left()

class Interruption:
    at, calls = None, 0
    send = ClientServerConnection.send_command

def send(connection, command):
    # Only the calls of the transfer: not the feed's, nor those that free Java objects.
    of_transfer = threading.current_thread().name in ("MainThread", "rayonspark-to-spark")
    if Interruption.at is not None and of_transfer:
        Interruption.calls += 1
        if Interruption.calls == Interruption.at:
            interrupt()
    return Interruption.send(connection, command)

def to_spark_interrupted(dataset, at):
    Interruption.calls, Interruption.at = 0, at
    try:
        df = cluster.to_spark(dataset)
        return "went through", df
    except KeyboardInterrupt:
        return "interrupted", None
    finally:
        Interruption.at = None

def ctrl_c_at_each_call_of_to_spark():
    # Spark immediately requests blocks of each frame, up to half of the staging.
    dataset = ray.data.range(5_000_000, override_num_blocks=10).materialize()
    ClientServerConnection.send_command = send
    ends = []
    df = to_spark_interrupted(dataset, 0)[1]
    calls = Interruption.calls
    for at in range(1, calls + 1):
        end, odd = to_spark_interrupted(dataset, at)
        ends.append(end)
        odd = None
        say(at, end)
    ClientServerConnection.send_command = Interruption.send
    say(ends.count("interrupted") > 0, "interrupted")
    # Interrupted frames are gone immediately, without Java's garbage collection. A frame has a
    # directory of the same name on each node.
    whole = 1 + ends.count("went through")
    def frames():
        return {os.path.basename(os.path.dirname(path)) for path in files(cluster)}
    closed = until(lambda: len(frames()) <= whole)
    say(closed, "closed", *(() if closed else files(cluster)))
    say(df.groupBy().sum("id").first()[0] == 5_000_000 * 4_999_999 // 2)
    df = None
    say_what_is_left()
    say(cluster.to_spark(dataset).count())

started, go_on = os.path.abspath("started"), os.path.abspath("go_on")

def slow_ray(batch):
    open(started, "w").close()
    # Ray itself lets a started task finish.
    until(lambda: os.path.exists(go_on))
    return batch

def ctrl_c_while_ray_computes():
    threading.Thread(target=lambda: (until(lambda: os.path.exists(started)), interrupt())).start()
    try:
        cluster.to_spark(ray.data.range(100).map_batches(slow_ray))
        say("went through")
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    open(go_on, "w").close()
    say_what_is_left()
    say(cluster.to_spark(ray.data.range(10)).count())

while command := sys.stdin.readline().strip():
    globals()[command]()
cluster.stop()
spark.stop()
say("end")
"""
)

MASTERS = {"local": '"local[2]"', "executors": '"local-cluster[2,1,1024]"'}


@pytest.fixture(scope="module", params=MASTERS)
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """A program that runs the functions above that it is asked for, on one cluster."""
    runs = runs_programs(tmp_path_factory.mktemp("interrupted"))
    run = next(runs)
    source = APPLICATION.replace("{master}", MASTERS[request.param])
    program = run(source, env=LOCAL_CLUSTER_ENV)
    yield program
    program.say("")
    assert program.line() == "end"
    assert program.wait() == 0
    assert next(runs, None) is None


def assert_nothing_is_left(program: Program) -> None:
    assert program.line() == "True no files"
    assert program.line() == "True no jobs"
    assert program.line() == "10"


def test_ctrl_c_during_a_transfer_leaves_nothing_behind(application: Program) -> None:
    application.say("ctrl_c_during_to_ray")
    assert application.line() == "staging"
    application.process.send_signal(signal.SIGINT)
    assert application.line() == "KeyboardInterrupt"
    assert_nothing_is_left(application)


def test_cancel_all_jobs_during_a_transfer_leaves_nothing_behind(application: Program) -> None:
    application.say("cancel_all_jobs_during_to_ray")
    error = application.line()
    assert "Exception" in error
    assert "cancel" in error
    assert_nothing_is_left(application)


def test_cancel_all_jobs_while_spark_reads_leaves_the_frame_as_it_was(application: Program) -> None:
    application.say("cancel_all_jobs_while_spark_reads")
    assert application.line() == "True cancelled"
    assert application.line() == "True"
    assert_nothing_is_left(application)


def test_ctrl_c_at_any_call_to_the_jvm_leaves_nothing_behind(application: Program) -> None:
    application.say("ctrl_c_at_each_call_of_to_spark")
    moments = [application.line()]
    while not moments[-1].startswith(("True", "False")):
        moments.append(application.line())
    assert moments[-1] == "True interrupted", moments
    assert application.line() == "True closed"
    assert application.line() == "True"
    assert_nothing_is_left(application)
    assert application.line() == "5000000"


def test_ctrl_c_while_ray_computes_the_dataset_leaves_nothing_behind(application: Program) -> None:
    application.say("ctrl_c_while_ray_computes")
    assert application.line() == "KeyboardInterrupt"
    assert_nothing_is_left(application)
    assert application.line() == "10"


FULL = (
    PREAMBLE
    + FILES
    + """
spark = session("local[2]")
with RayCluster.start(spark, object_store_memory="100m", staging_memory="80m") as cluster:
    df = spark.range(0, 8_000_000, 1, 2)
    filler = "/dev/shm/filler"
    try:
        with open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(2**20))
    except OSError as error:
        say(error.strerror)
    try:
        cluster.to_ray(df)
        say("went through")
    except errors.RayOnSparkException as error:
        say("No space left" in str(error), "no space")
    say(until(lambda: not files(cluster)), "no files")
    os.unlink(filler)
    say(cluster.to_ray(df).count(), cluster.state)
spark.stop()
say("end")
"""
)


def test_full_shared_memory_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    own_memory = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can give a process a /dev/shm of its own")
    if subprocess.run([*own_memory, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system does not allow a process a /dev/shm of its own")
    path = tmp_path / "full.py"
    path.write_text(FULL)
    mounted = "mount -t tmpfs -o size=400m tmpfs /dev/shm && exec " + '"$@"'
    program = Program.start(
        [*own_memory, "bash", "-c", mounted, "bash", os.environ["PYSPARK_PYTHON"], str(path)],
        cwd=tmp_path,
        env={},
    )
    try:
        assert program.line() == "No space left on device"
        assert program.line() == "True no space"
        assert program.line() == "True no files"
        assert program.line() == "8000000 running"
        assert program.line() == "end"
    finally:
        program.end()
