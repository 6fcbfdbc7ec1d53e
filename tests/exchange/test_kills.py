"""No row is lost silently when a Ray node is killed during a transfer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster.leftovers import eventually
from pyspark.sql import SparkSession
from rayonspark import RayCluster, errors
from rayonspark._background import in_background

from . import staging
from .nodes import raylet_of
from .sessions import start, two_executors

ROWS = 20_000_000
SUM = ROWS * (ROWS - 1) // 2
CALL_S = 120.0
"""A call that takes longer counts as a hang."""


spark = pytest.fixture(scope="module")(two_executors)


@pytest.fixture
def cluster(spark: SparkSession) -> Iterator[RayCluster]:
    """A cluster whose staging holds only some of the rows, so that a transfer takes a while."""
    with start(spark, num_nodes=2, object_store_memory="300m") as started:
        yield started


@pytest.mark.parametrize("recoverable", [False, True], ids=["once", "recoverable"])
@pytest.mark.parametrize("blocks_before", [1, 8], ids=["early", "late"])
def test_no_row_is_lost_silently_when_a_raylet_is_killed_during_a_transfer(
    spark: SparkSession, cluster: RayCluster, recoverable: bool, blocks_before: int
) -> None:
    victim = raylet_of(cluster, "1")
    df = spark.range(0, ROWS, 1, 16)
    moving = in_background("move", lambda: cluster.to_ray(df, recoverable=recoverable))
    seen = set[str]()

    def enough() -> bool:
        seen.update(path.name for path in staging.exported(cluster) if path.suffix == ".arrow")
        return len(seen) >= blocks_before

    assert eventually(enough, within_s=60)
    assert not moving.done()
    victim.kill()

    # All rows, or an error of RayOnSpark.
    error = moving.exception(CALL_S)
    if error is None:
        assert (moving.result().count(), moving.result().sum("id")) == (ROWS, SUM)
        assert cluster.last_exchange is not None
        assert cluster.last_exchange.rows == ROWS
    else:
        assert isinstance(error, errors.RayOnSparkException)
        assert "a bug in RayOnSpark" not in str(error)
    assert eventually(lambda: not staging.exported(cluster), within_s=30)
