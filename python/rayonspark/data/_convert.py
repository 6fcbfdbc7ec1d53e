"""Convert an Arrow array to another layout of the same values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rayonspark.data._tensors import is_tensor, nested


def converted(array: Any, to: pa.DataType) -> pa.Array:
    """Return the array as the type that :mod:`rayonspark.data.layout` chose for its own."""
    if array.type == to:
        return array
    plain = _plain(array)
    if plain is not array:
        return converted(plain, to)
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), to)
    if pa.types.is_map(to):
        return _map(array, to)
    if pa.types.is_list(to):
        return _list(array, to)
    if pa.types.is_struct(to):
        return _struct(array, to)
    return pc.cast(
        array,
        options=pc.CastOptions(
            target_type=to,
            # Spark has no nanoseconds, and converts large integers to doubles in the same way.
            allow_time_truncate=True,
            allow_float_truncate=pa.types.is_floating(to),
        ),
    )


def _plain(array: Any) -> Any:
    """Return the array without its wrapper: an extension type, a dictionary or run ends."""
    if is_tensor(array.type):
        return nested(array)
    if isinstance(array.type, pa.BaseExtensionType):
        return array.storage
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    if pa.types.is_run_end_encoded(array.type):
        return pc.run_end_decode(array)
    return array


def _list(array: Any, to: Any) -> pa.Array:
    # Arrow's own cast of list views returns wrong values (seen with 26.0).
    values = converted(array.flatten(), to.value_type)
    return pa.ListArray.from_arrays(_offsets(array), values, type=to, mask=_mask(array))


def _map(array: Any, to: Any) -> pa.Array:
    ends = np.asarray(array.offsets)
    first, count = int(ends[0]), int(ends[-1] - ends[0])
    # A slice's `keys` and `items` are those of the whole array.
    keys = converted(array.keys.slice(first, count), to.key_type)
    items = converted(array.items.slice(first, count), to.item_type)
    offsets = pa.array(ends - first, pa.int32())
    return pa.MapArray.from_arrays(offsets, keys, items, type=to, mask=_mask(array))


def _struct(array: Any, to: Any) -> pa.Array:
    children = [
        pa.nulls(len(array), field.type)
        if array.type.get_field_index(field.name) < 0
        else converted(array.field(field.name), field.type)
        for field in to
    ]
    return pa.StructArray.from_arrays(children, fields=list(to), mask=_mask(array))


def _offsets(array: Any) -> pa.Array:
    """Return offsets into `array.flatten()`, which omits values of null and sliced-off lists."""
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    return pa.array(np.concatenate([[0], np.cumsum(np.asarray(lengths))]), pa.int32())


def _mask(array: Any) -> pa.Array | None:
    return array.is_null() if array.null_count else None
