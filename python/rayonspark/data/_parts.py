"""A block as the files that Spark reads: how it is cut, and how large they are before they exist.

block ──rows──► part: one file, one partition of Spark's
                  └──rows──► piece: what is cast and written at once
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rayonspark.data.layout import in_layout

PIECE_BYTES = 64 << 20
"""A worker needs no second image of its whole block."""
BATCH_BYTES = 4 << 20
"""A record batch for which Spark's JVM has memory at hand; for 16 MiB it asks the kernel."""


@dataclass(frozen=True)
class Part:
    """Rows of a block that become one file.

    Attributes
    ----------
    start : int
        Its first row in the block.
    pieces : tuple of int
        Rows of each piece, in order.
    bytes : int
        Of the file, exactly.
    """

    start: int
    pieces: tuple[int, ...]
    bytes: int

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return sum(self.pieces)


def parts_of(table: pa.Table, schema: pa.Schema, most: int) -> list[Part]:
    """Cut a block so that no file in this schema has more than `most` bytes, or it has one row.

    What a dictionary or a cast makes of the rows is found by making it, a piece at a time: no
    formula knows.
    """
    frame = _size(table.slice(0, 0), schema)
    parts: list[Part] = []
    start, pieces, size = 0, list[int](), frame
    for piece in _pieces(table, min(PIECE_BYTES, most)):
        for rows, grows in _measured(piece, schema, frame, most):
            if pieces and size + grows > most:
                parts.append(Part(start, tuple(pieces), size))
                start, pieces, size = start + sum(pieces), [], frame
            pieces.append(rows)
            size += grows
    return [*parts, Part(start, tuple(pieces), size)]


def write(table: pa.Table, start: int, pieces: Sequence[int], schema: pa.Schema, sink: Any) -> None:
    """Write a part as an Arrow IPC stream in this schema."""
    with pa.ipc.new_stream(sink, schema) as stream:
        for rows in pieces:
            piece = in_layout(table.slice(start, rows), schema)
            stream.write_table(piece, max_chunksize=_batch_rows(piece))
            start += rows


def _batch_rows(piece: pa.Table) -> int:
    """Rows of a record batch, in whole bytes of the bits that say which values are there."""
    rows: int = piece.num_rows * BATCH_BYTES // max(1, piece.nbytes)
    return max(8, rows // 8 * 8)


def _size(table: pa.Table, schema: pa.Schema) -> int:
    sink = pa.MockOutputStream()
    write(table, 0, [table.num_rows] if table.num_rows else [], schema, sink)
    return int(sink.size())


def _measured(
    piece: pa.Table, schema: pa.Schema, frame: int, most: int
) -> Iterator[tuple[int, int]]:
    """Rows and bytes of a piece, or of its halves, when a cast makes it too large."""
    grows = _size(piece, schema) - frame
    if frame + grows <= most or piece.num_rows <= 1:
        yield piece.num_rows, grows
        return
    half = piece.num_rows // 2
    yield from _measured(piece.slice(0, half), schema, frame, most)
    yield from _measured(piece.slice(half), schema, frame, most)


def _pieces(table: pa.Table, most: int) -> Iterator[pa.Table]:
    count = -(-sum(_weight(column) for column in table.columns) // most)
    if count <= 1 or table.num_rows <= 1:
        if table.num_rows:
            yield table
        return
    rows = -(-table.num_rows // count)
    for start in range(0, table.num_rows, rows):
        yield from _pieces(table.slice(start, rows), most)


def _weight(column: Any) -> int:
    """About the bytes of a column whose dictionaries are decoded: `nbytes` has each word once."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return sum(_decoded(chunk) for chunk in chunks)


def _decoded(array: Any) -> int:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _decoded(array.storage)
    if pa.types.is_dictionary(kind):
        return _words(array.dictionary, array.indices)
    if pa.types.is_run_end_encoded(kind):
        # As if the largest value were in each row: too much, and never too little.
        return len(array) * _widest(array.values)
    if pa.types.is_struct(kind):
        return sum(_decoded(child) for child in array.flatten())
    if pa.types.is_map(kind):
        first, last = (array.offsets[i].as_py() for i in (0, -1))
        parts = (array.keys, array.items)
        return sum(_decoded(part.slice(first, last - first)) for part in parts) + 4 * len(array)
    if isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType):
        return _decoded(array.flatten()) + 4 * len(array)
    return int(array.nbytes)


def _words(words: Any, indices: Any) -> int:
    if _has_lengths(words.type):
        lengths = pc.take(pc.binary_length(words), indices)
        return int(pc.sum(lengths).as_py() or 0) + 4 * len(indices)
    return len(indices) * _widest(words)


def _widest(values: Any) -> int:
    if _has_lengths(values.type):
        return int(pc.max(pc.binary_length(values)).as_py() or 0) + 4
    return -(-_decoded(values) // max(1, len(values)))


def _has_lengths(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )
