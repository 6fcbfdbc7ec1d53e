"""The Arrow layouts that Spark reads: what is cast to what, and what has no image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rayonspark.errors import InvalidSpecException

_SAME = (
    pa.types.is_boolean,
    pa.types.is_int8,
    pa.types.is_int16,
    pa.types.is_int32,
    pa.types.is_int64,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_string,
    pa.types.is_binary,
    pa.types.is_date32,
    pa.types.is_null,
)

_CASTS = (
    (pa.types.is_uint8, pa.int16()),
    (pa.types.is_uint16, pa.int32()),
    (pa.types.is_uint32, pa.int64()),
    (pa.types.is_uint64, pa.decimal128(20, 0)),
    (pa.types.is_float16, pa.float32()),
    (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()),
    (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_binary_view, pa.binary()),
    (pa.types.is_fixed_size_binary, pa.binary()),
    (pa.types.is_date64, pa.date32()),
    (pa.types.is_duration, pa.duration("us")),
)


def spark_schema(schema: pa.Schema) -> pa.Schema:
    """Give the schema in Spark's layouts.

    Raises
    ------
    InvalidSpecException
        There are no columns, two have one name, or a column's type has no image; it names both.
    """
    if len(schema) == 0:
        raise InvalidSpecException(
            "The Dataset has no columns, and Spark cannot count rows without any. Select at least "
            "one column."
        )
    twins = [name for name in schema.names if schema.names.count(name) > 1]
    if twins:
        raise InvalidSpecException(
            f'The Dataset has {len(twins)} columns named "{twins[0]}", and Spark knows columns by '
            "name. Rename them, or select one."
        )
    return pa.schema([_field(field, field.name) for field in schema])


def unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Give the one schema that all blocks fit in, as Ray Data would.

    Raises
    ------
    InvalidSpecException
        A column has two types that do not meet; the error names it and both.
    """
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        types: dict[str, pa.DataType] = {}
        for schema in schemas:
            for field in schema:
                known = types.setdefault(field.name, field.type)
                if not _meet(known, field.type):
                    raise InvalidSpecException(
                        f'Column "{field.name}" has type {known} in one block and {field.type} in '
                        "another. Cast it to one of them with Dataset.map_batches."
                    ) from error
        raise


def _meet(one: pa.DataType, other: pa.DataType) -> bool:
    try:
        pa.unify_schemas(
            [pa.schema([("x", one)]), pa.schema([("x", other)])], promote_options="permissive"
        )
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def in_layout(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give the table in this schema: cast, in its order, with nulls for columns that it lacks."""
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
            continue
        column = table.column(field.name)
        columns.append(_cast(column, field.type))
    return pa.table(columns, schema=schema)


def _cast(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    if column.type == to:
        return column
    if isinstance(column.type, pa.BaseExtensionType):
        chunks = [_storage(chunk) for chunk in column.chunks]
        column = pa.chunked_array(chunks, type=_storage_type(column.type))
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    # Nanoseconds that Spark cannot hold are cut off, as Spark itself does.
    return column.cast(to, safe=not _is_time(to))


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_duration(kind))


def _storage(array: pa.ExtensionArray) -> pa.Array:
    kind = array.type
    if len(_shape(kind)) < 2:
        return array.storage
    # A tensor lies flat in its list; Spark has a list for each dimension.
    rows = [None if row is None else np.reshape(row, _shape(kind)).tolist() for row in _flat(array)]
    return pa.array(rows, type=_storage_type(kind))


def _flat(array: pa.ExtensionArray) -> list[list[Any] | None]:
    return list(array.storage.to_pylist())


def _storage_type(kind: pa.BaseExtensionType) -> pa.DataType:
    if len(_shape(kind)) < 2:
        return kind.storage_type
    nested = kind.storage_type.value_type
    for _ in _shape(kind):
        nested = pa.list_(nested)
    return nested


def _shape(kind: pa.BaseExtensionType) -> tuple[int, ...]:
    """The shape of a tensor's type, Ray's or Arrow's; none for all others."""
    shape = getattr(kind, "shape", ())
    return tuple(shape) if isinstance(shape, (tuple, list)) else ()


def _field(field: pa.Field, path: str) -> pa.Field:
    return pa.field(field.name, _type(field.type, path), field.nullable)


def _type(kind: pa.DataType, path: str) -> pa.DataType:
    if any(same(kind) for same in _SAME):
        return kind
    for matches, cast in _CASTS:
        if matches(kind):
            return cast
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_decimal(kind) and kind.precision <= 38:
        return pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type, path)
    if pa.types.is_map(kind):
        return pa.map_(
            pa.field("key", _type(kind.key_type, f"{path}.key"), nullable=False),
            pa.field("value", _type(kind.item_type, f"{path}.value")),
        )
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(pa.field("element", _type(kind.value_type, f"{path}.element")))
    if pa.types.is_struct(kind):
        return pa.struct([_field(child, f"{path}.{child.name}") for child in kind])
    if isinstance(kind, pa.BaseExtensionType):
        return _type(_storage_type(kind), path)
    raise InvalidSpecException(
        f'Column "{path}" has type {kind}, which Spark cannot read. Cast it with '
        "Dataset.map_batches, or drop it."
    )
