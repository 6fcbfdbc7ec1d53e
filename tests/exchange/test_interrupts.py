"""What ends a transfer in the middle leaves nothing behind: no file, no job, no task."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.program import Program
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

IN_THE_MIDDLE = (
    PREAMBLE
    + FILES
    + """
spark = session({master})
with RayCluster.start(spark, object_store_memory="200m", staging_memory="40m") as cluster:
    # Twenty times what staging holds.
    df = spark.range(0, 100_000_000, 1, 16)
    watch = threading.Thread(target=lambda: (until(lambda: files(cluster)), say("staging")))
    watch.start()
    try:
        cluster.to_ray(df)
        say("went through")
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    except errors.RayOnSparkException as error:
        say(type(error).__name__, error)
    watch.join()
    say(until(lambda: not files(cluster)), "no files")
    tracker = spark.sparkContext.statusTracker()
    say(until(lambda: not tracker.getActiveJobsIds()), "no jobs")
    say(cluster.to_ray(spark.range(10)).count())
spark.stop()
say("end")
"""
)


def assert_clean_end(program: Program) -> None:
    assert program.line() == "True no files"
    assert program.line() == "True no jobs"
    assert program.line() == "10"
    assert program.line() == "end"
    assert program.wait() == 0


MASTERS = {"local": '"local[2]"', "executors": '"local-cluster[2,1,1024]"'}


@pytest.mark.parametrize("master", MASTERS)
def test_ctrl_c_in_the_middle_leaves_nothing(
    run_program: Callable[..., Program], master: str
) -> None:
    program = run_program(IN_THE_MIDDLE.replace("{master}", MASTERS[master]), env=LOCAL_CLUSTER_ENV)
    assert program.line() == "staging"
    program.process.send_signal(signal.SIGINT)
    assert program.line() == "KeyboardInterrupt"
    assert_clean_end(program)


@pytest.mark.parametrize("master", MASTERS)
def test_cancel_all_jobs_in_the_middle_leaves_nothing(
    run_program: Callable[..., Program], master: str
) -> None:
    cancels = '(until(lambda: files(cluster)), spark.sparkContext.cancelAllJobs(), say("staging"))'
    source = IN_THE_MIDDLE.replace('(until(lambda: files(cluster)), say("staging"))', cancels)
    source = source.replace("{master}", MASTERS[master])
    program = run_program(source, env=LOCAL_CLUSTER_ENV)
    words = {program.line(), program.line()}
    assert "staging" in words
    assert any("Exception" in line and "cancel" in line for line in words), words
    assert_clean_end(program)


WHILE_SPARK_READS = (
    PREAMBLE
    + FILES
    + """
import gc
def slow(batches):
    for batch in batches:
        time.sleep(0.2)
        yield batch

spark = session({master})
context = spark.sparkContext
with RayCluster.start(spark, object_store_memory="200m", staging_memory="40m") as cluster:
    # Four times what staging holds: files come and go while Spark reads.
    dataset = ray.data.range(20_000_000, override_num_blocks=20).materialize()
    df = cluster.to_spark(dataset)
    tracker = context.statusTracker()
    def reading():
        return cluster.last_exchange.local_share and tracker.getActiveJobsIds()
    threading.Thread(target=lambda: (until(reading), context.cancelAllJobs())).start()
    try:
        df.mapInArrow(slow, df.schema).groupBy().sum("id").first()
        say("went through")
    except Exception as error:
        say("cancelled" in str(error).lower(), "cancelled")
    say(until(lambda: not tracker.getActiveJobsIds()), "no jobs")
    # The frame is as good as before, and goes as any other.
    say(df.groupBy().sum("id").first()[0] == 20_000_000 * 19_999_999 // 2)
    del df
    def collected():
        gc.collect()
        spark._jvm.System.gc()
        return not files(cluster)
    say(until(collected), "no files")
    say(cluster.to_ray(spark.range(10)).count())
spark.stop()
say("end")
"""
)


@pytest.mark.parametrize("master", MASTERS)
def test_cancel_all_jobs_while_spark_reads_leaves_the_frame_as_it_was(
    run_program: Callable[..., Program], master: str
) -> None:
    source = WHILE_SPARK_READS.replace("{master}", MASTERS[master])
    program = run_program(source, env=LOCAL_CLUSTER_ENV)
    assert program.line() == "True cancelled"
    assert program.line() == "True no jobs"
    assert program.line() == "True"
    assert program.line() == "True no files"
    assert program.line() == "10"
    assert program.line() == "end"
    assert program.wait() == 0


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


def test_a_full_shared_memory_is_an_error_and_no_crash(tmp_path: Path) -> None:
    own_memory = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can give a process a /dev/shm of its own")
    if subprocess.run([*own_memory, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system does not let a process have a /dev/shm of its own")
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
