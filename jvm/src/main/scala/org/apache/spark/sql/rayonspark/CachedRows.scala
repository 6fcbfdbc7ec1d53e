package org.apache.spark.sql.rayonspark

import org.apache.spark.TaskContext
import org.apache.spark.sql.columnar.CachedBatch
import org.apache.spark.sql.execution.columnar.{ColumnAccessor, DefaultCachedBatch}
import org.apache.spark.sql.execution.vectorized.OffHeapColumnVector
import org.apache.spark.sql.types._
import org.apache.spark.sql.vectorized.ColumnVector

/**
 * The rows of a cached DataFrame, copied column by column from Spark's cache. No row is ever
 * created.
 *
 * @param types
 *   types of the columns to read
 * @param ordinals
 *   positions of these columns in the cache
 */
final class CachedRows(
    cached: Iterator[CachedBatch],
    types: Array[DataType],
    ordinals: Array[Int]
) extends ArrowRows {
  private var current: Option[DefaultCachedBatch] = None
  private var from = 0
  private var memory = Map.empty[DataType, OffHeapColumnVector]

  TaskContext.get().addTaskCompletionListener[Unit](_ => memory.values.foreach(_.close()))

  override def hasNext: Boolean = {
    while (current.forall(from >= _.numRows) && cached.hasNext) {
      current = Some(cached.next().asInstanceOf[DefaultCachedBatch])
      from = 0
    }
    current.exists(from < _.numRows)
  }

  /** Adds whole batches of the cache if they fit, because reading a part costs as much as all. */
  override private[rayonspark] def fill(batch: ArrowBatch): Unit = {
    var last = 0L
    while (!batch.isFull && hasNext) {
      val source = current.get
      val rows = source.numRows - from
      if (batch.exceeds(last) || (rows > batch.left && batch.count > 0)) batch.close()
      else {
        val before = batch.bytes
        take(source, rows.min(batch.left), batch)
        last = batch.bytes - before
      }
    }
  }

  private def take(source: DefaultCachedBatch, rows: Int, batch: ArrowBatch): Unit = {
    var i = 0
    while (i < types.length) {
      val bytes = source.buffers(ordinals(i))
      batch.column(i) match {
        case text: BytesColumn => new CachedText(bytes).copy(from, rows, text, batch.count)
        case other => other.copy(unpacked(bytes, types(i), source.numRows), from, rows, batch.count)
      }
      i += 1
    }
    from += rows
    batch.grown(rows)
  }

  private def unpacked(bytes: Array[Byte], of: DataType, rows: Int): ColumnVector = {
    val vector = memory.getOrElse(of, new OffHeapColumnVector(rows, of))
    memory = memory.updated(of, vector)
    vector.reset()
    vector.setDictionary(null)
    vector.reserve(rows)
    ColumnAccessor.decompress(bytes, vector, of, rows)
    vector
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

object CachedRows {

  /** Whether a column of that type can be read from the cache. */
  def supports(dataType: DataType): Boolean = dataType match {
    case BooleanType | ByteType | ShortType | IntegerType | LongType | FloatType | DoubleType |
        DateType | TimestampType | TimestampNTZType | _: DayTimeIntervalType | _: StringType =>
      true
    case _ => false
  }
}
