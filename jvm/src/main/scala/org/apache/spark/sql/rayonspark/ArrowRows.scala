package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.vectorized.ColumnarBatch

/** The rows of one partition on their way into Arrow batches, as the plan gives them. */
sealed abstract class ArrowRows {
  def hasNext: Boolean

  /** Writes up to `most` rows, at least one, as rows `index` and following of a batch. */
  private[rayonspark] def take(most: Int, columns: Array[ColumnWriter], index: Int): Int

  /** Leaves out rows, and says how many there were. */
  def drop(rows: Long): Long
}

object ArrowRows {

  final class ByRow(rows: Iterator[InternalRow]) extends ArrowRows {
    override def hasNext: Boolean = rows.hasNext

    override private[rayonspark] def take(
        most: Int,
        columns: Array[ColumnWriter],
        index: Int
    ): Int = {
      var taken = 0
      while (taken < most && rows.hasNext) {
        val row = rows.next()
        var i = 0
        while (i < columns.length) {
          columns(i).write(row, i, index + taken)
          i += 1
        }
        taken += 1
      }
      taken
    }

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && rows.hasNext) {
        rows.next()
        dropped += 1
      }
      dropped
    }
  }

  /** Spark may use a batch again once the next one is asked for. */
  final class ByColumn(batches: Iterator[ColumnarBatch]) extends ArrowRows {
    private var current: Option[ColumnarBatch] = None
    private var from = 0

    override def hasNext: Boolean = {
      while (current.forall(from >= _.numRows) && batches.hasNext) {
        current = Some(batches.next())
        from = 0
      }
      current.exists(from < _.numRows)
    }

    override private[rayonspark] def take(
        most: Int,
        columns: Array[ColumnWriter],
        index: Int
    ): Int = {
      var taken = 0
      while (taken < most && hasNext) {
        val batch = current.get
        val rows = math.min(most - taken, batch.numRows - from)
        var i = 0
        while (i < columns.length) {
          columns(i).copy(batch.column(i), from, rows, index + taken)
          i += 1
        }
        from += rows
        taken += rows
      }
      taken
    }

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && hasNext) {
        val rows = math.min(count - dropped, (current.get.numRows - from).toLong).toInt
        from += rows
        dropped += rows
      }
      dropped
    }
  }

  /** Several partitions one after the other. */
  final class Joined(parts: Iterator[ArrowRows]) extends ArrowRows {
    private var current: Option[ArrowRows] = None

    override def hasNext: Boolean = {
      while (!current.exists(_.hasNext) && parts.hasNext) current = Some(parts.next())
      current.exists(_.hasNext)
    }

    override private[rayonspark] def take(
        most: Int,
        columns: Array[ColumnWriter],
        index: Int
    ): Int = {
      var taken = 0
      while (taken < most && hasNext)
        taken += current.get.take(most - taken, columns, index + taken)
      taken
    }

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && hasNext) dropped += current.get.drop(count - dropped)
      dropped
    }
  }
}
