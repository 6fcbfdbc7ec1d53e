"""Ray's workers see what Spark's Python workers see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE


def test_a_module_sent_with_py_files_imports_in_a_ray_task(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "only_sent.py").write_text("ANSWER = 42\n")
    source = f"""
import ray
spark = session(**{{"spark.submit.pyFiles": {str(sent / "only_sent.py")!r}}})

@ray.remote
def answer():
    import only_sent, rayonspark
    return only_sent.ANSWER, rayonspark.__version__

with RayCluster.start(spark, num_nodes=1, object_store_memory="100m"):
    say(ray.get(answer.remote())[0])
spark.stop()
"""
    program = run_program(PREAMBLE + source, env=LOCAL_CLUSTER_ENV)
    assert program.line() == "42"
    assert program.wait() == 0
