"""Split a Ray block into the files that Spark reads, and measure them before they exist.

block ──rows──► chunk: one file, one partition in Spark
                  └──rows──► piece: the rows that are cast and written at a time
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rayonspark.data.layout import in_layout

PIECE_BYTES = 64 << 20
"""Limit of a piece, so that a worker never needs a second copy of its whole block."""
BATCH_BYTES = 4 << 20
"""Size of a record batch. Spark's JVM already has memory for it; for 16 MiB it asks the kernel."""


@dataclass(frozen=True)
class Chunk:
    """A range of a block's rows that becomes one file.

    Attributes
    ----------
    start : int
        Index of the first row in the block.
    pieces : tuple of int
        Number of rows of each piece, in order.
    bytes : int
        Exact size of the file.
    """

    start: int
    pieces: tuple[int, ...]
    bytes: int

    @property
    def rows(self) -> int:
        """Number of rows in the file."""
        return sum(self.pieces)


def chunks_of(table: pa.Table, schema: pa.Schema, max_bytes: int) -> list[Chunk]:
    """Split a block so that no file in this schema exceeds `max_bytes`, except for a single row.

    No formula gives the size of rows after a cast or without a dictionary. So this encodes them,
    one piece at a time, and counts the bytes.
    """
    empty = _size(table.slice(0, 0), schema)
    chunks: list[Chunk] = []
    start, pieces, size = 0, list[int](), empty
    for piece in _pieces(table, min(PIECE_BYTES, max_bytes)):
        for rows, growth in _measured(piece, schema, empty, max_bytes):
            if pieces and size + growth > max_bytes:
                chunks.append(Chunk(start, tuple(pieces), size))
                start, pieces, size = start + sum(pieces), [], empty
            pieces.append(rows)
            size += growth
    return [*chunks, Chunk(start, tuple(pieces), size)]


def write(table: pa.Table, start: int, pieces: Sequence[int], schema: pa.Schema, sink: Any) -> None:
    """Write a chunk as an Arrow IPC stream in this schema."""
    with pa.ipc.new_stream(sink, schema) as stream:
        for rows in pieces:
            piece = in_layout(table.slice(start, rows), schema)
            stream.write_table(piece, max_chunksize=_batch_rows(piece))
            start += rows


def _batch_rows(piece: pa.Table) -> int:
    """Return the rows of a record batch: a multiple of 8, so that validity bits fill bytes."""
    rows: int = piece.num_rows * BATCH_BYTES // max(1, piece.nbytes)
    return max(8, rows // 8 * 8)


def _size(table: pa.Table, schema: pa.Schema) -> int:
    sink = pa.MockOutputStream()
    write(table, 0, [table.num_rows] if table.num_rows else [], schema, sink)
    return int(sink.size())


def _measured(
    piece: pa.Table, schema: pa.Schema, empty: int, max_bytes: int
) -> Iterator[tuple[int, int]]:
    """Yield the rows and bytes of a piece, or of its halves if a cast makes it too large."""
    growth = _size(piece, schema) - empty
    if empty + growth <= max_bytes or piece.num_rows <= 1:
        yield piece.num_rows, growth
        return
    half = piece.num_rows // 2
    yield from _measured(piece.slice(0, half), schema, empty, max_bytes)
    yield from _measured(piece.slice(half), schema, empty, max_bytes)


def _pieces(table: pa.Table, max_bytes: int) -> Iterator[pa.Table]:
    count = -(-sum(_estimated_bytes(column) for column in table.columns) // max_bytes)
    if count <= 1 or table.num_rows <= 1:
        if table.num_rows:
            yield table
        return
    rows = -(-table.num_rows // count)
    for start in range(0, table.num_rows, rows):
        yield from _pieces(table.slice(start, rows), max_bytes)


def _estimated_bytes(column: Any) -> int:
    """Estimate a column's bytes with its dictionaries decoded; `nbytes` counts each entry once."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return sum(_decoded_bytes(chunk) for chunk in chunks)


def _decoded_bytes(array: Any) -> int:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _decoded_bytes(array.storage)
    if pa.types.is_dictionary(kind):
        return _dictionary_bytes(array.dictionary, array.indices)
    if pa.types.is_run_end_encoded(kind):
        # Assumes the largest value in every row: may overestimate, never underestimates.
        return len(array) * _max_value_bytes(array.values)
    if pa.types.is_struct(kind):
        return sum(_decoded_bytes(child) for child in array.flatten())
    if pa.types.is_map(kind):
        first, last = (array.offsets[i].as_py() for i in (0, -1))
        chunks = (array.keys, array.items)
        values = sum(_decoded_bytes(chunk.slice(first, last - first)) for chunk in chunks)
        return values + 4 * len(array)
    if isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType):
        return _decoded_bytes(array.flatten()) + 4 * len(array)
    return int(array.nbytes)


def _dictionary_bytes(entries: Any, indices: Any) -> int:
    if _has_variable_size(entries.type):
        lengths = pc.take(pc.binary_length(entries), indices)
        return int(pc.sum(lengths).as_py() or 0) + 4 * len(indices)
    return len(indices) * _max_value_bytes(entries)


def _max_value_bytes(values: Any) -> int:
    if _has_variable_size(values.type):
        return int(pc.max(pc.binary_length(values)).as_py() or 0) + 4
    return -(-_decoded_bytes(values) // max(1, len(values)))


def _has_variable_size(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )
