package org.apache.spark.sql.rayonspark

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.{UnsafeProjection, UnsafeRow}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.vectorized.ColumnarBatch

/** The rows of one partition, as its plan returns them: by row or by column. */
abstract class ArrowRows {
  def hasNext: Boolean

  /** Adds rows until the batch is full, or there are no more. */
  private[rayonspark] def fill(batch: ArrowBatch): Unit

  /** Skips up to `rows` rows, and returns how many it skipped. */
  def drop(rows: Long): Long
}

object ArrowRows {

  /** Rows one by one. */
  final class ByRow(rows: Iterator[InternalRow], schema: StructType) extends ArrowRows {
    private lazy val unsafe = UnsafeProjection.create(schema)

    // Spark may reuse a row's memory for the next one, so at most one row is held.
    private var held: UnsafeRow = _

    override def hasNext: Boolean = held != null || rows.hasNext

    override private[rayonspark] def fill(batch: ArrowBatch): Unit =
      while (!batch.isFull && hasNext) {
        hold()
        if (batch.add(held)) held = null
      }

    private def hold(): Unit = if (held == null)
      held = rows.next() match {
        case row: UnsafeRow => row
        case row => unsafe(row)
      }

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && hasNext) {
        if (held == null) rows.next() else held = null
        dropped += 1
      }
      dropped
    }
  }

  /** Rows in columnar batches. Spark may reuse a batch's memory for the next one. */
  final class ByColumn(batches: Iterator[ColumnarBatch], ordinals: Array[Int]) extends ArrowRows {
    private var current: Option[ColumnarBatch] = None
    private var from = 0

    override def hasNext: Boolean = {
      while (current.forall(from >= _.numRows) && batches.hasNext) {
        current = Some(batches.next())
        from = 0
      }
      current.exists(from < _.numRows)
    }

    override private[rayonspark] def fill(batch: ArrowBatch): Unit =
      while (!batch.isFull && hasNext) {
        val source = current.get
        val rows = pieceRows.min(source.numRows - from)
        from += batch.add(i => source.column(ordinals(i)), from, rows)
      }

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && hasNext) {
        val rows = (count - dropped).min((current.get.numRows - from).toLong).toInt
        from += rows
        dropped += rows
      }
      dropped
    }
  }

  /** The rows of several partitions, one after the other. */
  final class Joined(parts: Iterator[ArrowRows]) extends ArrowRows {
    private var current: Option[ArrowRows] = None

    override def hasNext: Boolean = {
      while (!current.exists(_.hasNext) && parts.hasNext) current = Some(parts.next())
      current.exists(_.hasNext)
    }

    override private[rayonspark] def fill(batch: ArrowBatch): Unit =
      while (!batch.isFull && hasNext) current.get.fill(batch)

    override def drop(count: Long): Long = {
      var dropped = 0L
      while (dropped < count && hasNext) dropped += current.get.drop(count - dropped)
      dropped
    }
  }

  /** Rows that are copied at once: few enough to stay in the processor's cache. */
  private val pieceRows = 4096
}
