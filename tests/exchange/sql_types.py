"""A value of each SQL type that can go both ways, and its Arrow type, except for map and struct."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from .sessions import TIME_ZONE

HAS_TIME = hasattr(T, "TimeType")
"""Whether this Spark has a type for times of the day: 4.0 has none."""

SQL_TYPES = [
    ("CAST(NULL AS VOID)", pa.null()),
    ("true", pa.bool_()),
    ("CAST(-128 AS TINYINT)", pa.int8()),
    ("CAST(-32768 AS SMALLINT)", pa.int16()),
    ("CAST(-2147483648 AS INT)", pa.int32()),
    ("CAST(-9223372036854775808 AS BIGINT)", pa.int64()),
    ("CAST('-Infinity' AS FLOAT)", pa.float32()),
    ("CAST('NaN' AS DOUBLE)", pa.float64()),
    ("CAST('-12345678901234567890.123456789012345678' AS DECIMAL(38,18))", pa.decimal128(38, 18)),
    ("CAST('0.5' AS DECIMAL(1,1))", pa.decimal128(1, 1)),
    ("'größe 名前'", pa.string()),
    ("CAST('fix' AS VARCHAR(7))", pa.string()),
    ("X'00FF'", pa.binary()),
    ("DATE'0001-01-01'", pa.date32()),
    ("TIMESTAMP'1969-12-31 23:59:59.999999'", pa.timestamp("us", TIME_ZONE)),
    ("TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'", pa.timestamp("us")),
    ("INTERVAL '-1 02:03:04.000005' DAY TO SECOND", pa.duration("us")),
    ("array(1, NULL)", pa.list_(pa.int32())),
    *([("TIME'23:59:59.999999'", pa.time64("ns"))] if HAS_TIME else []),
    ("map('a', array(named_struct('b', 1.5D)))", None),
    ("named_struct('n', CAST(NULL AS STRUCT<m: ARRAY<INT>>))", None),
]


def one_row(spark: SparkSession) -> DataFrame:
    """Return one row with a column for each type: c0, c1 and so on."""
    return spark.sql(
        f"SELECT {', '.join(f'{sql} AS c{i}' for i, (sql, _) in enumerate(SQL_TYPES))}"
    )
