"""Values of Spark and Arrow in one plain form, so that equal ones compare equal."""

from __future__ import annotations

import math
from typing import Any

from pyspark.sql import DataFrame, Row


def rows_of(df: DataFrame) -> list[Any]:
    """Spark's own rows, in their order."""
    return [plain(row) for row in df.collect()]


def plain(value: Any) -> Any:
    """Structs as tuples, maps as sorted pairs, floats by their bits, apart from a NaN's."""
    if isinstance(value, Row | tuple | list):
        return tuple(plain(part) for part in value)
    if isinstance(value, dict):
        return tuple(sorted(((plain(k), plain(v)) for k, v in value.items()), key=repr))
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    if isinstance(value, bytearray):
        return bytes(value)
    return value
