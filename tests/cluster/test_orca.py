"""The Orca names on real clusters: only the first line changes between environments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .leftovers import Leftovers
from .program import Program
from .sessions import LOCAL_CLUSTER_ENV
from .spark_under_test import SPARK_HOME

PROGRAM = """
import os
from rayonspark import OrcaContext, init_orca_context, stop_orca_context

def say(*words):
    print("TEST", *words, flush=True)

OrcaContext.barrier_mode = {barrier}
sc = init_orca_context(
    {mode}, memory="512m", object_store_memory="100m", init_ray_on_spark=True,
    conf={{"spark.ui.enabled": "false"}}, include_webui=False,
)
import ray

@ray.remote
def host():
    return ray.util.get_node_ip_address()

ctx = OrcaContext.get_ray_context()
say(sc.range(100).count(), ctx.initialized, ctx.redis_address == ctx.address_info["redis_address"])
say(len([n for n in ray.nodes() if n["Alive"]]), bool(ray.get(host.remote())))
try:
    OrcaContext.barrier_mode = True
    say("changed")
except Exception as e:
    say(type(e).__name__)
ctx.stop()
say(sc.range(100).count(), ctx.initialized)
again = OrcaContext.get_ray_context()
say(again.initialized, bool(ray.get(host.remote())))
{stop}
say("done")
"""

MODES = {
    "local": ('cluster_mode="Local", cores=2', 1),
    # Without `cores`, the workers share the machine's cores, and each has one executor.
    "standalone": ('cluster_mode="standalone", num_nodes=2', 3),
}


@pytest.mark.parametrize(
    ("mode", "stop"),
    [("local", "stop_orca_context(); stop_orca_context()"), ("standalone", "")],
    ids=["local, stopped", "standalone, stopped at exit"],
)
def test_one_program_runs_in_every_mode(
    run_program: Callable[..., Program],
    leaves_nothing_behind: Leftovers,
    mode: str,
    stop: str,
) -> None:
    arguments, nodes = MODES[mode]
    program = run_program(PROGRAM.format(mode=arguments, stop=stop, barrier=mode == "standalone"))
    assert program.line() == "100 True True"
    assert program.line() == f"{nodes} True"
    assert program.line() != "changed"
    assert program.line() == "100 False"
    assert program.line() == "True True"
    assert program.line() == "done"
    assert program.wait() == 0, program.text()


def test_the_head_gets_the_arguments_and_settings_of_the_call(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    marker = tmp_path / "used"
    python = tmp_path / "python-of-the-user"
    python.write_text(f'#!/bin/sh\ntouch {marker}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "only_sent.py").write_text("ANSWER = 42\n")
    source = f"""
import io, os, subprocess, sys
from rayonspark import OrcaContext, init_orca_context, stop_orca_context

def say(*words):
    print("TEST", *words, flush=True)

notebook, terminal = io.StringIO(), sys.stderr
OrcaContext.log_output = True
sys.stderr = notebook
init_orca_context(
    "local", cores=2, memory="512m", object_store_memory="100m", init_ray_on_spark=True,
    extra_python_lib={str(tmp_path / "only_sent.py")!r}, include_webui=False,
    conf={{
        "spark.ui.enabled": "false",
        "spark.rayonspark.auth": "disabled",
        "spark.rayonspark.python": {str(python)!r},
    }},
)
sys.stderr = terminal
import ray

@ray.remote
def answer():
    import only_sent
    return only_sent.ANSWER

say(ray.get(answer.remote()))
said = [line for line in notebook.getvalue().splitlines() if "authentication" in line]
say(len(said), " WARN " in said[0], said[0].partition("has ")[2])
address = OrcaContext.get_ray_context().redis_address
bare = {{name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}}
client = f"import ray; ray.init({{address!r}}); print('nodes', len(ray.nodes()))"
done = subprocess.run([sys.executable, "-c", client], env=bare, capture_output=True, text=True)
say(done.stdout.strip() or done.stderr)
stop_orca_context()
say("done")
"""
    program = run_program(source)
    assert program.line() == "42"
    assert program.line() == (
        "1 True authentication disabled: anyone who reaches one of its ports can run code as this "
        "user. Leave auth out to require a token."
    )
    assert program.line() == "nodes 1"
    assert program.line() == "done"
    assert program.wait() == 0, program.text()
    assert marker.exists()


TWICE = """
from rayonspark import init_orca_context, stop_orca_context

conf = {"spark.ui.enabled": "false", "spark.driver.extraJavaOptions": "-Dofthejvm=1"}
for own in ({"spark.locality.wait": "7s"}, {}):
    sc = init_orca_context("local", cores=1, memory="512m", conf={**conf, **own})
    print("TEST", sc.getConf().get("spark.locality.wait"), flush=True)
    stop_orca_context()
try:
    init_orca_context("local", conf={"spark.driver.extraJavaOptions": "-Dofthejvm=2"})
except Exception as error:
    print("TEST", error, flush=True)
"""


def test_the_settings_of_one_context_do_not_reach_the_next(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(TWICE)
    assert program.line() == "7s"
    assert program.line() == "None"
    assert program.line() == (
        "The JVM of this process was started for an earlier SparkContext, and it cannot honour "
        "conf['spark.driver.extraJavaOptions'] (spark.driver.extraJavaOptions='-Dofthejvm=2', "
        "currently '-Dofthejvm=1'). Leave that out, or start a new Python process."
    )
    assert program.wait() == 0, program.text()


MASTER = """
import os, sys, tempfile
from rayonspark import _jvm
from pyspark import SparkContext

SparkContext._ensure_initialized()
with tempfile.TemporaryDirectory() as directory:
    url, stop = _jvm.start_standalone(
        SparkContext._jvm, workers=2, cores=1, memory_mib=1024, directory=directory
    )
    print("TEST", url, flush=True)
    sys.stdin.readline()
    stop()
"""

CLIENT = """
import sys
from rayonspark import OrcaContext, RayCluster, errors, init_orca_context, stop_orca_context

def say(*words):
    print("TEST", *words, flush=True)

sc = init_orca_context(
    "standalone", master={url!r}, memory="512m", object_store_memory="100m",
    init_ray_on_spark=True, include_webui=False, conf={{"spark.ui.enabled": "false"}},
)
ray_context = OrcaContext.get_ray_context()
say(ray_context.num_ray_nodes, sc.range(100).count())
ray_context.stop()
try:
    RayCluster.start(OrcaContext.get_spark_session(), num_nodes=3, start_timeout=4, dashboard=False)
except errors.StartTimeoutException as error:
    say(error)
stop_orca_context()
say("done")
"""


def test_exactly_the_executors_of_an_existing_standalone_cluster_are_found(
    run_program: Callable[..., Program], leaves_nothing_behind: Leftovers
) -> None:
    master = run_program(MASTER, env=LOCAL_CLUSTER_ENV)
    program = run_program(CLIENT.format(url=master.line()))
    assert program.line() == "2 100"
    assert program.line() == (
        "The Ray cluster did not start within 4 s: 2 of 3 Spark executors have registered. "
        "Free executors or lower num_nodes, or raise start_timeout."
    )
    assert program.line() == "done"
    assert program.wait() == 0, program.text()
    assert "RayOnSpark: 2 of 3 Spark executors have registered" in program.text()
    master.say("stop")
    assert master.wait() == 0, master.text()


SUBMITTED = """
from rayonspark import OrcaContext, init_orca_context, stop_orca_context
import ray

for mode in ("spark-submit", None):
    sc = init_orca_context(
        mode, object_store_memory="100m", init_ray_on_spark=True, include_webui=False
    )
    print("TEST", sc.master, ray.get(ray.put(42)), sc.range(10).count(), flush=True)
    stop_orca_context()
print("TEST", ray.is_initialized(), OrcaContext.log_output, flush=True)
"""


def test_spark_submit_decides_where_a_program_runs(
    tmp_path: Path, leaves_nothing_behind: Leftovers
) -> None:
    path = tmp_path / "program.py"
    path.write_text(SUBMITTED)
    submit = str(SPARK_HOME / "bin" / "spark-submit")
    options = ["--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    program = Program.start([submit, *options, str(path)], cwd=tmp_path, env={})
    try:
        assert program.line() == "local[2] 42 10"
        assert program.line() == "local[2] 42 10"
        assert program.line() == "False False"
        assert program.wait() == 0, program.text()
    finally:
        program.end()
