"""The frames that are moved: the same rows made by Spark and by Arrow, and their checksums.

This module is pickled by value into Ray's tasks, whose interpreters cannot import this package.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TOLERANCE = 1e-9
"""Relative; the order in which doubles are added is not specified."""

WIDE_COLUMNS = 100


@dataclass(frozen=True)
class Frame:
    """Columns over ``id`` from 0 to rows - 1.

    Attributes
    ----------
    name
        A key of `FRAMES`.
    columns
        Column -> its Spark SQL expression. The doubles result from single IEEE operations, so that
        Spark and Arrow agree to the last bit.
    rows
        Number of rows of 1 x.
    """

    name: str
    columns: Mapping[str, str]
    rows: int

    @property
    def strings(self) -> tuple[str, ...]:
        """Names of the text columns; their values are ``row-<id>``."""
        return ("s",) if "s" in self.columns else ()

    def spark_columns(self) -> list[str]:
        """Return the columns for ``spark.range(…).selectExpr``."""
        return [f"{sql} AS {name}" for name, sql in self.columns.items()]

    def spark_aggregates(self) -> list[str]:
        """Return the timed aggregate for ``selectExpr``: it reads every value of all columns."""
        sums = [
            f"sum(length({name}))" if name in self.strings else f"sum({name})"
            for name in self.columns
        ]
        return ["count(1)", *sums]

    def arrow_table(self, ids: pa.Array) -> pa.Table:
        """Return the rows with these ids, as Spark makes them."""
        return pa.table([_column(self.name, name, ids) for name in self.columns], [*self.columns])

    def checksum(self, table: pa.Table) -> list[float]:
        """Return `spark_aggregates` of these rows, and the sum of the numbers in the strings."""
        sums: list[float] = [table.num_rows]
        for name in self.columns:
            column = table.column(name)
            sums.append(_sum(pc.utf8_length(column) if name in self.strings else column))
        for name in self.strings:
            numbers = pc.cast(pc.utf8_slice_codeunits(table.column(name), 4), pa.int64())
            sums.append(_sum(numbers))
        return sums


def agree(left: list[float], right: list[float]) -> bool:
    """Whether two checksums match; the shorter one lacks the sum of the numbers in the strings."""
    shorter = min(len(left), len(right))
    return shorter > 0 and all(
        math.isclose(a, b, rel_tol=TOLERANCE)
        for a, b in zip(left[:shorter], right[:shorter], strict=True)
    )


def _column(frame: str, name: str, ids: pa.Array) -> pa.Array:
    if frame == "wide":
        scaled = pc.multiply(ids, pa.scalar(int(name[1:]) + 1, pa.int64()))
        return pc.divide(pc.cast(_remainder(scaled, 1013), pa.float64()), 7.0)
    made: dict[str, Any] = {
        "id": lambda: ids,
        "x": lambda: pc.multiply(pc.cast(ids, pa.float64()), 0.5),
        "y": lambda: pc.divide(pc.cast(_remainder(ids, 1013), pa.float64()), 7.0),
        "k": lambda: pc.cast(_remainder(ids, 1000), pa.int32()),
        "s": lambda: pc.binary_join_element_wise("row-", pc.cast(ids, pa.string()), ""),
    }
    return made[name]()


def _remainder(numbers: pa.Array, divisor: int) -> pa.Array:
    whole = pc.multiply(pc.divide(numbers, pa.scalar(divisor, pa.int64())), divisor)
    return pc.subtract(numbers, whole)


def _sum(column: pa.ChunkedArray) -> float:
    return float(pc.sum(column).as_py() or 0)


FRAMES = {
    frame.name: frame
    for frame in (
        Frame(
            name="mixed",
            columns={
                "id": "id",
                "x": "id * 0.5D",
                "y": "(id % 1013) / 7.0D",
                "k": "CAST(id % 1000 AS INT)",
                "s": "concat('row-', CAST(id AS STRING))",
            },
            rows=5_000_000,
        ),
        Frame(
            name="wide",
            columns={f"c{i}": f"((id * {i + 1}) % 1013) / 7.0D" for i in range(WIDE_COLUMNS)},
            rows=500_000,
        ),
    )
}
"""Name -> frame."""
