package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.Row

/** Columns in Spark SQL over `id`, and their rows. */
object EveryType {

  /** One column of each type that is not nested. */
  val flat = Vector(
    "id % 2 = 0 AS flag",
    "CAST(id % 100 AS tinyint) AS tiny",
    "CAST(-id AS smallint) AS small",
    "CAST(id * 7919 AS int) AS number",
    "id * 1000000007 AS large",
    "CAST(id / 3 AS float) AS single",
    "id / 7D AS twice",
    "CAST(id - 15000.25 AS decimal(12, 2)) AS compact",
    "CAST(id AS decimal(38, 18)) * CAST(-12345678901 AS decimal(18, 0)) AS vast",
    "concat('größe-', repeat('x', CAST(id % 40 AS int)), id) AS text",
    "encode(concat(id, ''), 'UTF-8') AS bytes",
    "date_add(DATE'1960-01-01', CAST(id AS int)) AS day",
    "TIMESTAMP'1965-03-28 01:30:00.000001' + make_dt_interval(0, id) AS moment",
    "TIMESTAMP_NTZ'1965-03-28 01:30:00' + make_dt_interval(0, id) AS clock",
    "make_dt_interval(0, 0, 0, id - 15000) AS span"
  )

  /** One column of each nested type. */
  val nested = Vector(
    "array(id, NULL, -id) AS numbers",
    "IF(id % 5 = 0, array(), array(concat('a', id), NULL)) AS texts",
    "map(concat('k', id), named_struct('x', id, 'y', IF(id % 3 = 0, NULL, id / 2D))) AS pairs",
    "named_struct('inner', named_struct('deep', IF(id % 7 = 0, NULL, array(id)))) AS struct",
    "CAST(NULL AS void) AS nothing"
  )

  /** Makes each column null in every ninth row, a different row for each column. */
  def withNulls(columns: Seq[String]): Seq[String] =
    columns.zipWithIndex.map { case (column, i) =>
      val at = column.lastIndexOf(" AS ")
      s"IF(id % 9 = ${i % 9}, NULL, ${column.take(at)})${column.drop(at)}"
    }

  /** Makes rows comparable: Java compares byte arrays by identity. */
  def comparable(rows: Seq[Row]): Seq[Seq[Any]] = rows.map(_.toSeq.map {
    case bytes: Array[Byte] => bytes.toSeq
    case other => other
  })
}
