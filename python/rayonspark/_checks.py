"""Checks of what users pass to `to_ray` and `to_spark`, with the call that fits what they have."""

from __future__ import annotations

import sys
from typing import Any

_TO_RAY_ADVICE = {
    "pandas.": "Call spark.createDataFrame(df) first, or ray.data.from_pandas(df).",
    "polars.": "Call ray.data.from_arrow(df.to_arrow()) in place of it.",
    "pyarrow.": "Call ray.data.from_arrow(table) in place of it.",
    "pyspark.core.rdd.": "Call rdd.toDF() first.",
    "pyspark.rdd.": "Call rdd.toDF() first.",
    "pyspark.sql.connect.": "Create it with a classic SparkSession, not with Spark Connect.",
    "pyspark.pandas.": "Call to_frame() first.",
    "ray.data.": "It is in Ray already.",
    "builtins.str": "Call spark.table(name) or spark.sql(query) first.",
}
_TO_SPARK_ADVICE = {
    "pandas.": "Call spark.createDataFrame(df) in place of it.",
    "pyarrow.": "Call ray.data.from_arrow(table) first.",
    "numpy.": "Call ray.data.from_numpy(array) first.",
    "builtins.list": "Call ray.data.from_items(items) first.",
    "builtins.dict": "Call ray.data.from_items([item]) first.",
    "pyspark.": "It is in Spark already.",
    "ray.ObjectRef": "Call ray.data.from_arrow_refs([ref]) first.",
}


def require_spark_frame(df: Any) -> Any:
    """Return the classic Spark DataFrame of `df`.

    Raises
    ------
    TypeError
        `df` is neither a classic Spark DataFrame nor a pandas-on-Spark DataFrame.
    """
    if _is_pandas_on_spark(df):
        return df.to_spark()
    if not hasattr(df, "_jdf"):
        raise _wrong("to_ray()", "a Spark DataFrame", df, _TO_RAY_ADVICE)
    return df


def require_dataset(ds: Any) -> None:
    """Raise a TypeError unless `ds` is a Ray Dataset."""
    ray_data = sys.modules.get("ray.data")
    if ray_data is None or not isinstance(ds, ray_data.Dataset):
        raise _wrong("to_spark()", "a ray.data.Dataset", ds, _TO_SPARK_ADVICE)


def _is_pandas_on_spark(df: Any) -> bool:
    pandas_on_spark = sys.modules.get("pyspark.pandas")
    return pandas_on_spark is not None and isinstance(df, pandas_on_spark.DataFrame)


def _wrong(function: str, wanted: str, given: Any, advice: dict[str, str]) -> TypeError:
    name = _name(given)
    found = (text for prefix, text in advice.items() if name.startswith(prefix))
    sentences = [f"{function} needs {wanted}, and got {_article(name)}.", *found]
    return TypeError(" ".join(sentences[:2]))


def _name(given: Any) -> str:
    return f"{type(given).__module__}.{type(given).__qualname__}"


def _article(name: str) -> str:
    if name == "builtins.NoneType":
        return "None"
    noun = name.removeprefix("builtins.")
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
