"""Bad input is an error in seconds, in words that help, and leaves nothing running."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors

from .sessions import local_cluster


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
    ({"object_store_memory": "900g"}, errors.RayOnSparkException, "object_store_memory|/dev/shm"),
    (
        {"memory": "1g", "object_store_memory": "half a gig"},
        errors.InvalidSpecException,
        "half a gig",
    ),
    ({"scheduling": "barier"}, errors.InvalidSpecException, "barrier"),
    ({"temp_dir": "/nowhere/at/all"}, errors.RayOnSparkException, "/nowhere/at/all"),
    ({"temp_dir": "/tmp/" + "x" * 100}, errors.RayOnSparkException, "has 105 bytes in its name"),
    ({"worker_args": ["--num-cpus=7"]}, errors.InvalidSpecException, "--num-cpus"),
    ({"python": "/no/such/python3"}, errors.RayOnSparkException, "/no/such/python3"),
]


@pytest.mark.parametrize(
    ("fields", "error", "words"), CONTRADICTIONS, ids=[str(c[0])[:40] for c in CONTRADICTIONS]
)
def test_a_contradiction_is_an_error(
    spark: SparkSession, fields: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        RayCluster.start(spark, **({"num_nodes": 2} | fields))


def test_an_unknown_field_names_the_nearest(spark: SparkSession) -> None:
    with pytest.raises(TypeError, match="num_nodes"):
        RayCluster.start(spark, num_node=2)


def test_a_taken_port_is_named(spark: SparkSession) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.RayOnSparkException, match=str(port)):
            RayCluster.start(spark, num_nodes=1, ports=f"gcs={port}")


def test_executors_without_ray_are_named(spark: SparkSession, tmp_path: Path) -> None:
    bare = tmp_path / "python-without-ray"
    bare.write_text('#!/bin/sh\nexec /usr/bin/env -i PATH="$PATH" python3 -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(errors.VersionMismatchException, match=r"Executor .* has no Ray"):
        RayCluster.start(spark, num_nodes=1, python=str(bare))


def test_a_stopped_context_is_an_error(spark: SparkSession) -> None:
    spark.stop()
    with pytest.raises(errors.ClusterStoppedException, match="stopped"):
        RayCluster.start(spark)
