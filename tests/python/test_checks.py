"""Objects other than DataFrames and Datasets are refused, with the call to use instead."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import ray.data
from pyspark import RDD
from rayonspark import RayCluster
from rayonspark._checks import require_dataset, require_spark_frame


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "to_ray() needs a Spark DataFrame, and got None."),
        (3, "to_ray() needs a Spark DataFrame, and got an int."),
        (
            pd.DataFrame({"a": [1]}),
            "to_ray() needs a Spark DataFrame, and got a pandas.core.frame.DataFrame. Call "
            "spark.createDataFrame(df) first, or ray.data.from_pandas(df).",
        ),
        (
            RDD.__new__(RDD),
            "to_ray() needs a Spark DataFrame, and got a pyspark.core.rdd.RDD. Call rdd.toDF() "
            "first.",
        ),
        (
            "people",
            "to_ray() needs a Spark DataFrame, and got a str. Call spark.table(name) or "
            "spark.sql(query) first.",
        ),
    ],
)
def test_to_ray_refuses_anything_but_a_dataframe(given: Any, text: str) -> None:
    cluster = RayCluster.__new__(RayCluster)
    with pytest.raises(TypeError) as raised:
        RayCluster.to_ray(cluster, given)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (None, "and got None."),
        (pd.DataFrame(), "Call spark.createDataFrame(df) in place of it."),
        (pa.table({}), "Call ray.data.from_arrow(table) first."),
        (np.zeros(1), "Call ray.data.from_numpy(array) first."),
        ([1], "Call ray.data.from_items(items) first."),
    ],
)
def test_to_spark_refuses_anything_but_a_dataset(given: Any, advice: str) -> None:
    cluster = RayCluster.__new__(RayCluster)
    with pytest.raises(TypeError) as raised:
        RayCluster.to_spark(cluster, given)
    assert str(raised.value).startswith("to_spark() needs a ray.data.Dataset, and got ")
    assert str(raised.value).endswith(advice)


def test_dataframes_and_datasets_are_accepted() -> None:
    frame: Any = SimpleNamespace(_jdf=object())
    assert require_spark_frame(frame) is frame
    require_dataset(Mock(spec=ray.data.Dataset))
