"""Random Spark schemas with random rows: pure, no session."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from pyspark.sql import types as T

from .sql_types import HAS_TIME

MAX_ROWS = 40
MAX_COLUMNS = 6
MAX_PARTITIONS = 4

_UTC = datetime.timezone.utc
_SIMPLE: dict[T.DataType, st.SearchStrategy[Any]] = {
    T.NullType(): st.none(),
    T.BooleanType(): st.booleans(),
    T.ByteType(): st.integers(-(2**7), 2**7 - 1),
    T.ShortType(): st.integers(-(2**15), 2**15 - 1),
    T.IntegerType(): st.integers(-(2**31), 2**31 - 1),
    T.LongType(): st.integers(-(2**63), 2**63 - 1),
    T.FloatType(): st.floats(width=32),
    T.DoubleType(): st.floats(),
    T.StringType(): st.text(max_size=20),
    T.BinaryType(): st.binary(max_size=20),
    T.DateType(): st.dates(datetime.date(2, 1, 1), datetime.date(9998, 12, 31)),
    # Instants, because Python's own conversion of local times is not under test.
    T.TimestampType(): st.datetimes(
        datetime.datetime(2, 1, 1), datetime.datetime(9998, 12, 31), timezones=st.just(_UTC)
    ),
    T.TimestampNTZType(): st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 12, 31)),
    # The range that PySpark can add up: about 29,000 years, to the microsecond.
    T.DayTimeIntervalType(): st.timedeltas(
        datetime.timedelta(days=-10_000_000), datetime.timedelta(days=10_000_000)
    ),
}
if HAS_TIME:
    _SIMPLE[T.TimeType()] = st.times()
_KEYS = (T.IntegerType(), T.LongType(), T.StringType(), T.DateType(), T.BooleanType())
"""Types of a map's keys whose equality is the same in Python and Spark."""


@dataclass(frozen=True)
class SparkRows:
    """A schema, rows that fit it, and the number of their partitions."""

    schema: T.StructType
    rows: list[tuple[Any, ...]]
    partitions: int


def decimals(precision: int, scale: int) -> st.SearchStrategy[decimal.Decimal]:
    """Every decimal of this type."""
    most = 10**precision - 1

    def at_scale(unscaled: int) -> decimal.Decimal:
        with decimal.localcontext(prec=38):
            return decimal.Decimal(unscaled).scaleb(-scale)

    return st.integers(-most, most).map(at_scale)


@st.composite
def decimal_types(draw: st.DrawFn) -> T.DecimalType:
    """Every precision and scale; often the extreme ones."""
    precision = draw(st.sampled_from((38, 18, 9, 1)) | st.integers(1, 38))
    scale = draw(st.just(min(18, precision)) | st.integers(0, precision))
    return T.DecimalType(precision, scale)


def names() -> st.SearchStrategy[str]:
    """Column names: ASCII, other scripts, dots, quotes and spaces."""
    odd = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
    return st.sampled_from(("id", "größe", "名前", "a.b", "a b", "`tick`", '"quoted"')) | odd


def data_types() -> st.SearchStrategy[T.DataType]:
    """Every type that goes through Arrow, nested a few levels deep."""
    leaves = st.sampled_from(list(_SIMPLE)) | decimal_types()
    return st.recursive(leaves, _nested, max_leaves=5)


def _nested(inner: st.SearchStrategy[T.DataType]) -> st.SearchStrategy[T.DataType]:
    arrays = st.builds(T.ArrayType, inner, st.just(True))
    maps = st.builds(T.MapType, st.sampled_from(_KEYS), inner, st.just(True))
    return arrays | maps | schemas(inner, most=3)


def schemas(of: st.SearchStrategy[T.DataType], most: int) -> st.SearchStrategy[T.StructType]:
    """Structs of nullable fields; names differ by more than case, as Spark requires."""
    fields = st.lists(st.tuples(names(), of), min_size=1, max_size=most, unique_by=_folded)
    return fields.map(lambda named: T.StructType([T.StructField(n, t) for n, t in named]))


def _folded(field: tuple[str, T.DataType]) -> str:
    return field[0].casefold().lower()


def values(of: T.DataType) -> st.SearchStrategy[Any]:
    """Values of a type, nulls among them."""
    return st.none() | _values(of)


def _values(of: T.DataType) -> st.SearchStrategy[Any]:
    composites: dict[type[T.DataType], Callable[[Any], st.SearchStrategy[Any]]] = {
        T.DecimalType: lambda t: decimals(t.precision, t.scale),
        T.ArrayType: lambda t: st.lists(values(t.elementType), max_size=4),
        T.MapType: lambda t: st.dictionaries(_values(t.keyType), values(t.valueType), max_size=3),
        T.StructType: lambda t: st.tuples(*(values(field.dataType) for field in t.fields)),
    }
    make = composites.get(type(of))
    return make(of) if make else _SIMPLE[of]


@st.composite
def spark_rows(draw: st.DrawFn) -> SparkRows:
    """A schema, and from 0 to `MAX_ROWS` rows of it."""
    schema = draw(schemas(data_types(), MAX_COLUMNS))
    row = st.tuples(*(values(field.dataType) for field in schema.fields))
    rows = draw(st.lists(row, max_size=MAX_ROWS))
    return SparkRows(schema, rows, draw(st.integers(1, MAX_PARTITIONS)))
