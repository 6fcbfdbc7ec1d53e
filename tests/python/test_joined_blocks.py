"""Small blocks of a Dataset that Spark reads as one table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from rayonspark.data._ray_data import joined_arrow


def test_blocks_of_one_schema_become_one_table_in_their_order() -> None:
    tables = [pa.table({"a": [i, i + 1], "b": [str(i), None]}) for i in range(0, 20, 2)]

    whole = joined_arrow(tables)

    assert whole is not None
    assert whole.equals(pa.concat_tables(tables))
    assert whole["a"].num_chunks == 1


def test_arrow_and_pandas_blocks_of_one_schema_are_joined() -> None:
    whole = joined_arrow([pa.table({"a": [1, 2]}), pd.DataFrame({"a": [3]})])

    # The schema that pandas leaves in the metadata is part of Arrow's comparison only if asked for.
    assert whole is not None
    assert whole["a"].to_pylist() == [1, 2, 3]


def test_blocks_of_different_schemas_are_not_joined() -> None:
    table = pa.table({"a": [1, 2]})

    assert joined_arrow([table, pa.table({"a": ["x"]})]) is None
    assert joined_arrow([table, pa.table({"b": [1]})]) is None
    assert joined_arrow([table]) is table


def tensors(shape: tuple[int, ...]) -> pa.Table:
    from ray.data.extensions import ArrowTensorArray

    return pa.table({"x": ArrowTensorArray.from_numpy(np.ones(shape))})


def test_tensors_of_different_shapes_are_not_joined() -> None:
    assert joined_arrow([tensors((1, 2, 3)), tensors((1, 3, 2))]) is None
    assert joined_arrow([tensors((1, 2, 3)), tensors((4, 2, 3))]) is not None


def test_tensors_of_varying_shape_are_joined_if_they_have_the_same_dimensions() -> None:
    from ray.data.extensions import ArrowVariableShapedTensorArray

    def varying(*shapes: tuple[int, ...]) -> pa.Table:
        values = np.empty(len(shapes), dtype=object)
        values[:] = [np.ones(shape) for shape in shapes]
        return pa.table({"x": ArrowVariableShapedTensorArray.from_numpy(values)})

    grey, colour = varying((2, 3), (4, 1)), varying((2, 3, 3), (4, 1, 3))
    assert joined_arrow([grey, colour]) is None
    assert joined_arrow([grey, grey]) is not None


def test_categories_that_do_not_fit_together_stay_in_chunks() -> None:
    tables = [
        pa.table({"c": pa.array([f"{i}-{n}" for n in range(100)]).dictionary_encode()})
        for i in range(3)
    ]
    small = [
        table.set_column(0, "c", table["c"].cast(pa.dictionary(pa.int8(), pa.string())))
        for table in tables
    ]
    whole = joined_arrow(small)
    assert whole is not None
    assert whole["c"].to_pylist() == [f"{i}-{n}" for i in range(3) for n in range(100)]


def test_rows_without_columns_are_not_lost() -> None:
    bare = pa.table({"a": [1, 2]}).select([])
    assert bare.num_rows == 2
    assert joined_arrow([pa.table({"a": [1]}), bare]) is None


def test_an_empty_block_without_columns_fits_everywhere() -> None:
    table = pa.table({"a": [1, 2]})

    assert joined_arrow([pa.table({}), table, pa.table({})]) is table
    assert joined_arrow([pa.table({}), pa.table({})]) == pa.table({})


def test_dictionaries_and_tensors_are_joined() -> None:
    from ray.data.extensions import ArrowTensorArray

    tables = [
        pa.table(
            {
                "word": pa.array(words).dictionary_encode(),
                "x": ArrowTensorArray.from_numpy(np.full((len(words), 2), len(words))),
            }
        )
        for words in (["x", "y"], ["z", "z", "y"])
    ]

    whole = joined_arrow(tables)

    assert whole is not None
    assert whole["word"].to_pylist() == ["x", "y", "z", "z", "y"]
    assert [[*map(int, row)] for row in whole["x"].to_numpy()] == [[2, 2]] * 2 + [[3, 3]] * 3
