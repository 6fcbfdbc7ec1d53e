"""Ray's workers see what Spark's Python workers see, whenever it was added."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from .program import Program
from .sessions import LOCAL_CLUSTER_ENV, PREAMBLE


def test_modules_that_spark_has_sent_import_in_ray_tasks(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "only_sent.py").write_text("ANSWER = 42\n")
    with zipfile.ZipFile(tmp_path / "late.zip", "w") as archive:
        archive.writestr("only_zipped.py", "ANSWER = 43\n")
    (tmp_path / "only_added.py").write_text("ANSWER = 44\n")
    for name in ("later", "artifact"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(f"package_{name}/__init__.py", f"ANSWER = {name!r}\n")
    source = f"""
import ray
spark = session(**{{
    "spark.submit.pyFiles": {str(sent / "only_sent.py")!r},
    "spark.authenticate": "true",
    "spark.authenticate.secret": "not for Ray",
    "spark.executorEnv.HF_HOME": "/models",
}})

@ray.remote
def answer():
    import only_sent, only_zipped, rayonspark
    return only_sent.ANSWER, only_zipped.ANSWER, rayonspark.__version__

@ray.remote
def later():
    import only_added
    return only_added.ANSWER

@ray.remote
def packages():
    import time
    from importlib import import_module
    answers = []
    limit = time.monotonic() + 60
    for name in ("package_later", "package_artifact"):
        while name not in sys.modules:
            try:
                answers.append(import_module(name).ANSWER)
            except ModuleNotFoundError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.1)
    return answers

spark.sparkContext.addPyFile({str(tmp_path / "late.zip")!r})

with RayCluster.start(spark, num_nodes=1, object_store_memory="100m"):
    say(ray.get(answer.remote())[:2])
    spark.sparkContext.addPyFile({str(tmp_path / "only_added.py")!r})
    spark.sparkContext.addPyFile({str(tmp_path / "later.zip")!r})
    spark.addArtifacts({str(tmp_path / "artifact.zip")!r}, pyfile=True)
    # Spark sends an added file to an executor with its next task there.
    spark.range(8).repartition(8).count()
    say(ray.get(later.remote()))
    say(ray.get(packages.remote()))
    in_spark = spark.sparkContext.range(1).map(lambda _: dict(os.environ)).first()
    in_ray = ray.get(ray.remote(lambda: dict(os.environ)).remote())
    say(*(in_ray.get(name) for name in ("HF_HOME", "OF_THE_SHELL")))
    say([name for name in in_ray if "SECRET" in name], any("SECRET" in name for name in in_spark))
    lost = {{name.lstrip("_").split("_")[0] for name in in_spark.keys() - in_ray.keys()}}
    say(sorted(lost))
spark.stop()
"""
    program = run_program(PREAMBLE + source, env=LOCAL_CLUSTER_ENV | {"OF_THE_SHELL": "1"})
    assert program.line() == "(42, 43)"
    assert program.line() == "44"
    assert program.line() == "['later', 'artifact']"
    assert program.line() == "/models 1"
    assert program.line() == "[] True"
    assert program.line() == "['PYSPARK', 'PYTHON', 'SPARK']"
    assert program.wait() == 0
