"""Ray Data's columns of tensors, and Arrow's own, as nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

_RAYS = ("ray.data.arrow_tensor", "ray.data.arrow_tensor_v2")
_PICKLED = "ray.data.arrow_pickled_object"


def is_tensor(kind: pa.DataType) -> bool:
    """Whether a column's values are tensors of one shape."""
    if not isinstance(kind, pa.BaseExtensionType):
        return False
    # By name: only a worker that has such a column has imported Ray Data's classes.
    return isinstance(kind, pa.FixedShapeTensorType) or kind.extension_name in _RAYS


def is_pickled(kind: pa.DataType) -> bool:
    """Whether a column's values are Python's objects, which nobody but Python reads."""
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == _PICKLED


def nested_type(kind: Any) -> pa.DataType:
    """Give the type of nested lists that hold such tensors."""
    nested = kind.storage_type.value_type
    for _ in kind.shape:
        nested = pa.list_(nested)
    return nested


def nested(tensors: Any) -> pa.Array:
    """Give a column of tensors as one of nested lists."""
    shape = tensors.type.shape
    storage = tensors.storage
    # Without the values of missing tensors.
    values = storage.flatten()
    there = len(storage) - storage.null_count
    for level in range(len(shape) - 1, 0, -1):
        lists = there * int(np.prod(shape[:level], dtype=np.int64))
        values = pa.ListArray.from_arrays(_ends(np.full(lists, shape[level])), values)
    valid = np.asarray(storage.is_valid())
    mask = storage.is_null() if storage.null_count else None
    return pa.ListArray.from_arrays(_ends(np.where(valid, shape[0], 0)), values, mask=mask)


def _ends(lengths: Any) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
