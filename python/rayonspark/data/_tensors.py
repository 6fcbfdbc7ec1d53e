"""Convert tensor columns, Ray Data's and Arrow's own, to nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

_RAY_TENSORS = ("ray.data.arrow_tensor", "ray.data.arrow_tensor_v2")
_VARIABLE = "ray.data.arrow_variable_shaped_tensor"
_PICKLED = "ray.data.arrow_pickled_object"


def is_tensor(kind: pa.DataType) -> bool:
    """Whether a column's values are tensors."""
    if not isinstance(kind, pa.BaseExtensionType):
        return False
    # Compared by name: only a worker with such a column has imported Ray Data's classes.
    return (
        isinstance(kind, pa.FixedShapeTensorType)
        or kind.extension_name in _RAY_TENSORS
        or _has_shapes(kind)
    )


def _has_shapes(kind: Any) -> bool:
    """Whether each tensor has a shape of its own."""
    return bool(kind.extension_name == _VARIABLE)


def is_pickled(kind: pa.DataType) -> bool:
    """Whether a column's values are pickled Python objects, which only Python can read."""
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == _PICKLED


def dimensions(kind: Any) -> tuple[int, ...] | int | None:
    """Return the shape of a column's tensors; their number of dimensions if they have several.

    None if the column has no tensors. Types with other dimensions may be equal: Ray's
    variable-shaped type ignores them, and so do its other tensor types before 2.49.
    """
    if not is_tensor(kind):
        return None
    return int(kind.ndim) if _has_shapes(kind) else tuple(kind.shape)


def nested_type(kind: Any) -> pa.DataType:
    """Return the type of the nested lists that hold such tensors."""
    storage = kind.storage_type
    values = storage.field("data").type if _has_shapes(kind) else storage
    nested = values.value_type
    for _ in range(kind.ndim if _has_shapes(kind) else len(kind.shape)):
        nested = pa.list_(nested)
    return nested


def nested(tensors: Any) -> pa.Array:
    """Return a column of tensors as a column of nested lists."""
    storage = tensors.storage
    # Both without the null tensors.
    read = _of_own_shapes if _has_shapes(tensors.type) else _of_one_shape
    values, shapes = read(tensors)
    for level in range(shapes.shape[1] - 1, 0, -1):
        lists = np.prod(shapes[:, :level], axis=1, dtype=np.int64)
        values = pa.ListArray.from_arrays(_ends(np.repeat(shapes[:, level], lists)), values)
    lengths = np.zeros(len(storage), np.int64)
    lengths[np.asarray(storage.is_valid())] = shapes[:, 0]
    mask = storage.is_null() if storage.null_count else None
    return pa.ListArray.from_arrays(_ends(lengths), values, mask=mask)


def _of_one_shape(tensors: Any) -> tuple[pa.Array, Any]:
    """Return all numbers, and one row of dimensions for each tensor."""
    storage = tensors.storage
    count = len(storage) - storage.null_count
    return storage.flatten(), np.tile(np.array(tensors.type.shape, np.int64), (count, 1))


def _of_own_shapes(tensors: Any) -> tuple[pa.Array, Any]:
    """As :func:`_of_one_shape`, of tensors that have a shape each."""
    storage = tensors.storage
    if storage.null_count:
        storage = storage.filter(storage.is_valid())
    shapes = np.asarray(storage.field("shape").flatten())
    return storage.field("data").flatten(), shapes.reshape(len(storage), tensors.type.ndim)


def _ends(lengths: Any) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
