"""Values of Python, Spark and Arrow in one plain form, so that equal ones compare equal."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Row


def rows_of(df: DataFrame) -> list[Any]:
    """The rows of a DataFrame, in order."""
    return [plain(row) for row in df.collect()]


def rows_in(table: pa.Table) -> list[Any]:
    """The rows of an Arrow table, in order."""
    columns = [[_from_arrow(v, f.type) for v in table[i].to_pylist()] for i, f in _fields(table)]
    return [tuple(row) for row in zip(*columns, strict=True)]


def plain(value: Any) -> Any:
    """Return structs as tuples, maps as sorted pairs, floats as their bits; all NaNs are equal."""
    if isinstance(value, Row | tuple | list):
        return tuple(plain(part) for part in value)
    if isinstance(value, dict):
        return _pairs(value.items())
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    if isinstance(value, bytearray):
        return bytes(value)
    return value


def _fields(table: pa.Table) -> list[tuple[int, pa.Field]]:
    return list(enumerate(table.schema))


def _from_arrow(value: Any, of: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_map(of):
        return _pairs((_from_arrow(k, of.key_type), _from_arrow(v, of.item_type)) for k, v in value)
    if pa.types.is_struct(of):
        return tuple(_from_arrow(value[field.name], field.type) for field in of)
    if pa.types.is_list(of):
        return tuple(_from_arrow(part, of.value_type) for part in value)
    return plain(value)


def _pairs(items: Any) -> tuple[Any, ...]:
    return tuple(sorted(((plain(k), plain(v)) for k, v in items), key=repr))
