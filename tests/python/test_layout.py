"""Which layout in Spark each Arrow type has, and which values a column has in it."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from rayonspark import errors
from rayonspark.data.layout import in_layout, intern_schema, spark_schema, unified

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
NOON = datetime.time(12, 0, 1)
INTERVAL = pa.month_day_nano_interval()

CASTS = [
    (pa.array([255, None], pa.uint8()), pa.int16(), [255, None]),
    (pa.array([2**16 - 1], pa.uint16()), pa.int32(), [2**16 - 1]),
    (pa.array([2**32 - 1], pa.uint32()), pa.int64(), [2**32 - 1]),
    (pa.array([2**64 - 1], pa.uint64()), pa.decimal128(20, 0), [decimal.Decimal(2**64 - 1)]),
    (pa.array([0.5, None], pa.float16()), pa.float32(), [0.5, None]),
    (pa.array(["é", None], pa.large_string()), pa.string(), ["é", None]),
    (pa.array(["a long text, not inlined", ""], pa.string_view()), pa.string(), None),
    (pa.array([b"x"], pa.large_binary()), pa.binary(), [b"x"]),
    (pa.array([b"a long text, not inlined"], pa.binary_view()), pa.binary(), None),
    (pa.array([b"abc", None], pa.binary(3)), pa.binary(), [b"abc", None]),
    (pa.array([MOMENT.date()], pa.date64()), pa.date32(), [MOMENT.date()]),
    (
        pa.array([1_999], pa.timestamp("ns")),
        pa.timestamp("us"),
        [datetime.datetime(1970, 1, 1, 0, 0, 0, 1)],
    ),
    (pa.array([MOMENT], pa.timestamp("us", "UTC")), pa.timestamp("us", "UTC"), None),
    (pa.array([1_999], pa.duration("ns")), pa.duration("us"), [datetime.timedelta(microseconds=1)]),
    (pa.array([NOON, None], pa.time32("s")), pa.time64("ns"), [NOON, None]),
    (pa.array([NOON, None], pa.time64("us")), pa.time64("ns"), [NOON, None]),
    (pa.array([NOON, None], pa.time64("ns")), pa.time64("ns"), [NOON, None]),
    (pa.array([(1, 2, 3), None], pa.month_day_nano_interval()), INTERVAL, [(1, 2, 3), None]),
    (pa.array([decimal.Decimal("1.5")], pa.decimal32(5, 1)), pa.decimal128(5, 1), None),
    (pa.array([decimal.Decimal("1.5")], pa.decimal64(18, 1)), pa.decimal128(18, 1), None),
    (pa.array([decimal.Decimal("1.5")], pa.decimal256(38, 1)), pa.decimal128(38, 1), None),
    (pa.array(["a", None, "a"]).dictionary_encode(), pa.string(), ["a", None, "a"]),
    (
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([7, None])),
        pa.int64(),
        [7, 7, None],
    ),
    (pa.array([[1], None, []], pa.large_list(pa.int32())), pa.list_(pa.int32()), None),
    (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), pa.list_(pa.int32()), None),
    (pa.array([[1], None, [2, 3]], pa.list_view(pa.int32())), pa.list_(pa.int32()), None),
    (pa.array([[1], None, [2, 3]], pa.large_list_view(pa.int32())), pa.list_(pa.int32()), None),
    (pa.array([None, None]), pa.null(), [None, None]),
]


@pytest.mark.parametrize(
    ("array", "layout", "values"), CASTS, ids=[str(a.type) for a, _, _ in CASTS]
)
def test_a_column_has_sparks_layout_and_its_own_values(
    array: pa.Array, layout: pa.DataType, values: list | None
) -> None:
    wanted = array.to_pylist() if values is None else values

    assert cast(array).equals(pa.chunked_array([pa.array(wanted, layout)]))
    # A slice has the same buffers, and other offsets.
    assert cast(array.slice(1)).to_pylist() == wanted[1:]
    # Nested columns are converted in the same way.
    nested = pa.ListArray.from_arrays(pa.array([0, 0, len(array)], pa.int32()), array)
    assert cast(nested).to_pylist() == [[], wanted]
    struct = pa.StructArray.from_arrays([array], ["x"])
    assert cast(struct).to_pylist() == [{"x": value} for value in wanted]


def cast(array: pa.Array) -> pa.ChunkedArray:
    table = pa.table({"x": array})
    return in_layout(table, spark_schema(table.schema)).column("x")


def test_tensors_are_nested_lists() -> None:
    tensors = pa.FixedShapeTensorArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), (2, 2)),
        pa.array([[1, 2, 3, 4], None, [5, 6, 7, 8]], pa.list_(pa.int32(), 4)),
    )

    assert cast(tensors).to_pylist() == [[[1, 2], [3, 4]], None, [[5, 6], [7, 8]]]


def variable(*tensors: list[Any] | None) -> pa.Array:
    """Ray's column of tensors that have a shape each."""
    from ray.data.extensions import ArrowVariableShapedTensorType

    storage = pa.array(
        [t and {"data": np.ravel(t), "shape": np.shape(t)} for t in tensors],
        pa.struct([("data", pa.large_list(pa.float32())), ("shape", pa.list_(pa.int64()))]),
    )
    kind = ArrowVariableShapedTensorType(pa.float32(), 2)
    return pa.ExtensionArray.from_storage(kind, storage)


def test_tensors_of_several_shapes_are_nested_lists() -> None:
    values = [[[1, 2, 3], [4, 5, 6]], None, [[7], [8]], [[9, 10]]]

    assert cast(variable(*values)).to_pylist() == values
    assert cast(variable(*values).slice(1, 2)).to_pylist() == values[1:3]
    assert cast(variable(None)).to_pylist() == [None]
    assert cast(variable()).to_pylist() == []
    assert cast(variable()).type == cast(variable(*values)).type


def test_blocks_with_tensors_of_different_shapes_are_unified() -> None:
    def fixed(*shape: int) -> pa.Schema:
        return pa.schema([("x", pa.fixed_shape_tensor(pa.int32(), shape)), ("n", pa.int8())])

    whole = unified([fixed(2, 3), fixed(4, 1), pa.schema([("x", variable().type)])])
    assert spark_schema(whole).field("x").type == pa.list_(
        pa.field("element", pa.list_(pa.field("element", pa.float64())))
    )
    with pytest.raises(errors.InvalidSpecException, match='Column "x" has type'):
        unified([fixed(2, 3), fixed(2, 3, 4)])


def test_schemas_with_tensors_of_other_dimensions_are_not_interned_as_one() -> None:
    from ray.data.extensions import ArrowVariableShapedTensorType

    grey, colour = (
        pa.schema([("x", ArrowVariableShapedTensorType(pa.float32(), n))]) for n in (2, 3)
    )
    known: list[pa.Schema] = []
    assert intern_schema(grey, known) is not intern_schema(colour, known)
    with pytest.raises(errors.InvalidSpecException, match='Column "x" has type'):
        unified([grey, colour])


WITHOUT_EQUIVALENT = [
    pa.decimal256(39, 0),
    pa.decimal128(3, 5),
    pa.dense_union([pa.field("a", pa.int8())]),
    pa.struct([]),
]


@pytest.mark.parametrize("kind", WITHOUT_EQUIVALENT, ids=str)
def test_a_type_without_an_equivalent_is_an_error_that_names_column_and_type(
    kind: pa.DataType,
) -> None:
    with pytest.raises(errors.InvalidSpecException) as told:
        spark_schema(pa.schema([("ok", pa.int8()), ("odd", pa.list_(kind))]))
    assert '"odd.element"' in str(told.value)
    assert str(kind) in str(told.value)


def test_a_schema_without_columns_or_with_duplicate_names_is_an_error() -> None:
    with pytest.raises(errors.InvalidSpecException, match="no columns"):
        spark_schema(pa.schema([]))
    with pytest.raises(errors.InvalidSpecException, match='2 columns named "a"'):
        spark_schema(pa.schema([("a", pa.int8()), ("a", pa.int8())]))
    twins = pa.struct([("x", pa.int8()), ("x", pa.int8())])
    with pytest.raises(
        errors.InvalidSpecException, match=r'"a" is a struct with 2 fields named "x"'
    ):
        spark_schema(pa.schema([("a", twins)]))


def test_every_column_is_nullable() -> None:
    (field,) = spark_schema(pa.schema([pa.field("a", pa.int8(), nullable=False)]))
    assert field.nullable


def test_compatible_schemas_become_one() -> None:
    one = pa.schema([("a", pa.int32()), ("b", pa.string())])
    other = pa.schema([("a", pa.float64()), ("c", pa.bool_())])

    whole = unified([one, other])

    assert whole == pa.schema([("a", pa.float64()), ("b", pa.string()), ("c", pa.bool_())])
    columns = in_layout(pa.table({"a": [1], "b": ["x"]}, one), whole)
    assert columns.to_pylist() == [{"a": 1.0, "b": "x", "c": None}]


def test_incompatible_types_are_an_error_that_names_both() -> None:
    schemas = [pa.schema([("same", pa.int8()), ("a", kind)]) for kind in (pa.int64(), pa.string())]
    with pytest.raises(
        errors.InvalidSpecException, match=r'"a" has type int64 .* string in another'
    ):
        unified(schemas)


class _Unhashable(pa.ExtensionType):
    """Like the tensor types of Ray before 2.49."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(pa.list_(pa.float64()), "unhashable")

    def __arrow_ext_serialize__(self) -> bytes:
        return str(self.length).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> _Unhashable:
        return cls(int(serialized))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashable) and other.length == self.length


def test_equal_schemas_are_interned_even_if_a_type_has_no_hash() -> None:
    known: list[pa.Schema] = []
    first, same, other = (pa.schema([("x", _Unhashable(n))]) for n in (3, 3, 4))
    with pytest.raises(TypeError):
        hash(first)
    assert intern_schema(first, known) is first
    assert intern_schema(same, known) is first
    assert intern_schema(other, known) is other
    assert known == [first, other]
