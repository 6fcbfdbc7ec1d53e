"""Bad input raises a helpful error within seconds, and leaves nothing running."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors, init_orca_context, stop_orca_context

from .sessions import local_cluster

SECONDS = 20.0
"""Many times as long as an error takes; the start timeout is 120 s."""


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with local_cluster(workers=2, cores=1) as session:
        session.range(1).count()
        yield session


CONTRADICTIONS = [
    ({"num_nodes": 0}, errors.InvalidSpecException, "num_nodes"),
    ({"num_nodes": -1}, errors.InvalidSpecException, "num_nodes"),
    ({"num_nodes": 3}, errors.PlacementException, "Asked for 3 Ray nodes, .* at most 2 executors"),
    ({"cpus_per_node": 2}, errors.InvalidSpecException, "Asked for 2 cpus .* 1 cores"),
    ({"object_store_memory": "900g"}, errors.RayOnSparkException, "900 GiB .* /dev/shm"),
    (
        {"memory": "100m", "object_store_memory": "200m"},
        errors.InvalidSpecException,
        "object_store_memory is 200 MiB, but memory is only 100 MiB",
    ),
    (
        {"gpus_per_node": 1},
        errors.InvalidSpecException,
        "Asked for 1 GPUs per Ray node, but an executor has 0",
    ),
    (
        {"memory": "1g", "object_store_memory": "half a gig"},
        errors.InvalidSpecException,
        "half a gig",
    ),
    ({"scheduling": "barier"}, errors.InvalidSpecException, "barrier"),
    ({"temp_dir": "/dev/null/at/all"}, errors.RayOnSparkException, "/dev/null/at/all"),
    ({"temp_dir": "/tmp/" + "x" * 100}, errors.RayOnSparkException, "has 105 bytes, but Ray"),
    ({"worker_args": ["--num-cpus=7"]}, errors.InvalidSpecException, "--num-cpus"),
    ({"python": "/no/such/python3"}, errors.RayOnSparkException, "/no/such/python3"),
]


@pytest.mark.parametrize(
    ("fields", "error", "words"), CONTRADICTIONS, ids=[str(c[0])[:40] for c in CONTRADICTIONS]
)
def test_a_contradiction_is_an_error(
    spark: SparkSession, fields: dict[str, object], error: type[Exception], words: str
) -> None:
    began = time.monotonic()
    with pytest.raises(error, match=words):
        RayCluster.start(spark, **({"num_nodes": 2} | fields))
    assert time.monotonic() - began < SECONDS


def test_an_option_of_ray_start_that_is_also_a_field_is_checked_like_it(
    spark: SparkSession,
) -> None:
    with pytest.raises(errors.InvalidSpecException, match="Asked for 1 GPUs per Ray node"):
        init_orca_context(init_ray_on_spark=True, extra_params={"num-gpus": 1}, num_ray_nodes=1)
    with pytest.raises(errors.InvalidSpecException, match="--num-cpus is set by RayOnSpark"):
        init_orca_context(init_ray_on_spark=True, extra_params={"num-cpus": 1}, num_ray_nodes=1)
    stop_orca_context()
    assert spark.range(1).count() == 1


def test_the_error_for_an_unknown_field_names_the_nearest_field(spark: SparkSession) -> None:
    with pytest.raises(TypeError, match="num_nodes"):
        RayCluster.start(spark, num_node=2)


def test_the_error_names_a_port_that_is_in_use(spark: SparkSession) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.RayOnSparkException, match=str(port)):
            RayCluster.start(spark, num_nodes=1, ports=f"gcs={port}")


def test_a_stopped_context_is_an_error(spark: SparkSession) -> None:
    spark.stop()
    with pytest.raises(errors.ClusterStoppedException, match="stopped"):
        RayCluster.start(spark)


def test_the_error_names_an_executor_without_ray(tmp_path: Path) -> None:
    bare = tmp_path / "python-without-ray"
    bare.write_text('#!/bin/sh\nexec /usr/bin/env -i PATH="$PATH" python3 -I -S "$@"\n')
    bare.chmod(0o755)
    # The head's interpreter is this process's own.
    with (
        local_cluster(workers=1, cores=1, **{"spark.pyspark.python": str(bare)}) as session,
        pytest.raises(errors.VersionMismatchException, match=r"Executor .* has no Ray"),
    ):
        RayCluster.start(session)
