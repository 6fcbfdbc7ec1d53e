"""Blocks are cut into files for Spark whose sizes are known before they are written."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from rayonspark.data._chunks import BATCH_BYTES, Chunk, chunks_of, write
from rayonspark.data.layout import in_layout, spark_schema

KIB = 2**10
BOUND = 64 * KIB


def cut(table: pa.Table, most: int) -> list[Chunk]:
    """Cut a table into chunks; check the size of each, and that together they are the table."""
    schema = spark_schema(table.schema)
    chunks = chunks_of(table, schema, most)
    start, arrived = 0, []
    for chunk in chunks:
        assert chunk.start == start
        start += chunk.rows
        file = io.BytesIO()
        write(table, chunk.start, chunk.pieces, schema, file)
        assert len(file.getvalue()) == chunk.bytes
        arrived.append(pa.ipc.open_stream(file.getvalue()).read_all())
    assert start == table.num_rows
    whole = pa.concat_tables(arrived).combine_chunks()
    assert whole.equals(in_layout(table, schema).combine_chunks())
    return chunks


def test_a_table_without_rows_is_one_file_with_the_schema() -> None:
    (chunk,) = cut(pa.table({"a": pa.array([], pa.int64())}), BOUND)

    assert (chunk.start, chunk.pieces) == (0, ())
    assert chunk.bytes > 0


def test_a_table_that_fits_is_one_chunk() -> None:
    (chunk,) = cut(pa.table({"a": range(1000), "b": [str(i) for i in range(1000)]}), BOUND)

    assert chunk.pieces == (1000,)


def test_a_file_has_batches_of_a_size_that_suits_its_reader() -> None:
    table = pa.table({"a": range(2_000_000), "b": [None, 1.5] * 1_000_000})
    schema = spark_schema(table.schema)
    file = io.BytesIO()

    write(table, 0, [table.num_rows], schema, file)

    batches = list(pa.ipc.open_stream(file.getvalue()))
    assert len(batches) == -(-table.nbytes // BATCH_BYTES)
    assert all(batch.nbytes <= BATCH_BYTES for batch in batches)
    assert all(batch.num_rows % 8 == 0 for batch in batches)


def test_one_row_may_be_larger_than_the_bound() -> None:
    chunks = cut(pa.table({"a": ["x" * 1000] * 3}), 100)

    assert [chunk.rows for chunk in chunks] == [1, 1, 1]


WORD = "x" * 1000
ROWS = 1000
BLOCKS = {
    "dictionary": pa.array([WORD] * ROWS).dictionary_encode(),
    "a skewed dictionary": pa.DictionaryArray.from_arrays(
        pa.array([0] * (ROWS // 2) + [1] * (ROWS // 2), pa.int32()), pa.array(["", WORD])
    ),
    "dictionary in lists": pa.ListArray.from_arrays(
        pa.array(range(ROWS + 1), pa.int32()), pa.array([WORD] * ROWS).dictionary_encode()
    ),
    "dictionary in structs": pa.StructArray.from_arrays(
        [pa.array([WORD] * ROWS).dictionary_encode()], ["d"]
    ),
    "dictionary in maps": pa.MapArray.from_arrays(
        pa.array(range(ROWS + 1), pa.int32()),
        pa.array(range(ROWS)),
        pa.array([WORD] * ROWS).dictionary_encode(),
    ),
    "dictionary of numbers": pa.array(
        list(range(10)) * (ROWS * 10), pa.int64()
    ).dictionary_encode(),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([ROWS], pa.int32()), pa.array([WORD])),
    "small numbers": pa.array(np.zeros(4 * BOUND, np.uint8)),
    "halves": pa.array(np.zeros(2 * BOUND, np.float16)),
    "short decimals": pa.array([None] * BOUND, pa.decimal32(5, 1)),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_no_chunk_exceeds_the_bound_even_if_its_block_was_small(name: str) -> None:
    table = pa.table({"x": BLOCKS[name]})

    chunks = cut(table, BOUND)

    assert len(chunks) > 2
    assert max(chunk.bytes for chunk in chunks) <= BOUND
    # There are not many more chunks than necessary.
    assert sum(chunk.bytes for chunk in chunks) > len(chunks) * BOUND / 4


def test_a_slice_is_measured_by_its_own_rows() -> None:
    table = pa.table({"x": BLOCKS["dictionary"], "n": range(ROWS)})

    assert len(cut(table.slice(ROWS - 7), BOUND)) == 1


def test_sizes_are_exact_for_tables_of_many_arrow_chunks() -> None:
    some = [pa.table({"x": [i] * i, "s": [str(i)] * i}) for i in range(1, 50)]

    cut(pa.concat_tables(some), BOUND)
    cut(pa.concat_tables(some), 4096)
