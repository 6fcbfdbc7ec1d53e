"""The Orca names on real clusters: only the first line changes between environments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .leftovers import Leftovers
from .program import Program

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
    "standalone": ('cluster_mode="standalone", cores=1, num_nodes=2', 3),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "stop", ["stop_orca_context(); stop_orca_context()", ""], ids=["stop", "exit"]
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
