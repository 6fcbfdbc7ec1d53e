"""Map Arrow types to the layouts that Spark reads; reject those without an equivalent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from rayonspark.data._convert import converted
from rayonspark.data._tensors import dimensions, is_pickled, is_tensor, nested_type
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
    pa.types.is_interval,
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
    # Spark 4.0 has no time type: the JVM, which knows its Spark version, raises the error.
    (pa.types.is_time, pa.time64("ns")),
)

_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)

_MAX_DIGITS = 38
"""Spark's ``DecimalType.MAX_PRECISION``."""


def spark_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in Spark's layouts.

    Raises
    ------
    InvalidSpecException
        There are no columns, two columns have the same name, or a column's type has no equivalent
        in Spark. The error names the column and the type.
    """
    if len(schema) == 0:
        raise InvalidSpecException(
            "The Dataset has no columns, and Spark cannot count rows without any. Select at least "
            "one column."
        )
    _check_names(schema.names, "The Dataset has {} columns")
    return pa.schema([_field(field, field.name) for field in schema])


def intern_schema(schema: pa.Schema, known: list[pa.Schema]) -> pa.Schema:
    """Return the equal schema in `known`; if there is none, add this one and return it.

    `known` is a list, because it stays short, and because Ray's tensor types have no hash before
    2.49.
    """
    for other in known:
        if same_schema(other, schema):
            return other
    known.append(schema)
    return schema


def same_schema(one: pa.Schema, other: pa.Schema) -> bool:
    """Whether columns of both schemas have the same types, tensors of the same dimensions."""
    return one == other and all(
        dimensions(mine.type) == dimensions(yours.type)
        for mine, yours in zip(one, other, strict=True)
    )


def unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return a schema that all blocks fit, unified as Ray Data does it.

    Raises
    ------
    InvalidSpecException
        A column has two types that cannot be unified. The error names the column and both types.
    """
    distinct: list[pa.Schema] = []
    for schema in schemas:
        intern_schema(_without_tensors(schema.remove_metadata()), distinct)
    for schema in distinct:
        _check_names(schema.names, "The Dataset has {} columns")
    whole = distinct[0]
    for schema in distinct[1:]:
        try:
            whole = pa.unify_schemas([whole, schema], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise _disagreement(whole, schema, error) from error
    return whole


def _without_tensors(schema: pa.Schema) -> pa.Schema:
    """Return the schema with nested lists for tensors: those of two shapes cannot be unified."""
    for index, field in enumerate(schema):
        if is_tensor(field.type):
            schema = schema.set(index, pa.field(field.name, nested_type(field.type)))
    return schema


def in_layout(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table in this schema: cast, in its order, with nulls for missing columns."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    missing = pa.chunked_array([pa.nulls(table.num_rows)])
    return pa.table([_column(columns.get(f.name, missing), f.type) for f in schema], schema=schema)


def _column(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([converted(chunk, to) for chunk in column.chunks], type=to)


def _check_names(names: Sequence[str], begin: str) -> None:
    twins = [name for name in names if names.count(name) > 1]
    if twins:
        raise InvalidSpecException(
            f'{begin.format(names.count(twins[0]))} named "{twins[0]}", and Spark tells them apart '
            "by name. Rename them, or select one."
        )


def _disagreement(one: pa.Schema, other: pa.Schema, error: Exception) -> InvalidSpecException:
    for name in one.names:
        kinds = one.field(name).type, other.field(name).type if name in other.names else None
        if kinds[1] is not None and not _can_unify(*kinds):
            return InvalidSpecException(
                f'Column "{name}" has type {kinds[0]} in one block and {kinds[1]} in another. Cast '
                "it to one of them with Dataset.map_batches."
            )
    return InvalidSpecException(
        f"The Dataset's blocks have schemas that cannot be unified: {error}. Cast their columns "
        "with Dataset.map_batches."
    )


def _can_unify(one: pa.DataType, other: pa.DataType) -> bool:
    try:
        pa.unify_schemas(
            [pa.schema([("x", one)]), pa.schema([("x", other)])], promote_options="permissive"
        )
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def _field(field: pa.Field, path: str) -> pa.Field:
    # Nothing checks Arrow's nullable flag, but Spark would rely on it.
    return pa.field(field.name, _type(field.type, path))


def _type(kind: pa.DataType, path: str) -> pa.DataType:
    plain = next((cast for matches, cast in _CASTS if matches(kind)), None)
    if any(same(kind) for same in _SAME):
        plain = kind
    return plain if plain is not None else _composite(kind, path)


def _composite(kind: Any, path: str) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= _MAX_DIGITS:
        return pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _type(kind.value_type, path)
    if pa.types.is_map(kind):
        return pa.map_(
            pa.field("key", _type(kind.key_type, f"{path}.key"), nullable=False),
            pa.field("value", _type(kind.item_type, f"{path}.value")),
        )
    if any(matches(kind) for matches in _LISTS):
        return pa.list_(pa.field("element", _type(kind.value_type, f"{path}.element")))
    if pa.types.is_struct(kind) and kind.num_fields > 0:
        _check_names(
            [child.name for child in kind], f'Column "{path}" is a struct with {{}} fields'
        )
        return pa.struct([_field(child, f"{path}.{child.name}") for child in kind])
    if is_tensor(kind):
        return _type(nested_type(kind), path)
    if isinstance(kind, pa.BaseExtensionType) and not is_pickled(kind):
        return _type(kind.storage_type, path)
    raise InvalidSpecException(
        f'Column "{path}" has type {kind}, which has no equivalent in Spark. Cast it with '
        "Dataset.map_batches, or drop it."
    )
