package org.rayonspark.data

import org.apache.spark.TaskContext
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.apache.spark.sql.rayonspark.{ArrowEncoder, ArrowRows}
import org.apache.spark.sql.types.StructType

/**
 * Encodes one partition into blocks in staging, on an executor.
 *
 * {{{
 *   rows ──batches──► file.tmp ──rename──► file
 *    Begin, Reserve ──► driver   (answers when there is room)
 *    Written ─────────► driver   (hands the block on)
 * }}}
 *
 * @param endpoint
 *   name of the driver's endpoint
 * @param files
 *   prefix of the names of its files
 * @param blockRows
 *   maximum number of rows per block
 * @param blockBytes
 *   maximum size of a block, exceeded only by a single batch, and the bytes to reserve for one
 *   whose size is not yet known; where blocks end depends on the rows alone
 * @param emptyBlocks
 *   whether a partition without rows becomes a block without rows
 */
final case class ExportTask(
    endpoint: String,
    files: String,
    schema: StructType,
    timeZone: String,
    blockRows: Long,
    blockBytes: Long,
    emptyBlocks: Boolean
) {
  def run(context: TaskContext, rows: ArrowRows): Unit =
    new ExportTask.Attempt(
      this,
      context,
      new ExportClient(SparkRpc.ofThisApplication(), endpoint, () => context.isInterrupted()),
      rows
    ).run()
}

object ExportTask {

  /** Large enough to make the fixed cost of a batch negligible. */
  private val batchBytes = 16L << 20

  private final class Attempt(
      task: ExportTask,
      context: TaskContext,
      driver: ExportClient,
      rows: ArrowRows
  ) {
    private val partition = context.partitionId()
    private val encoder =
      new ArrowEncoder(task.schema, task.timeZone, batchBytes.min(task.blockBytes))
    private var open: Option[BlockFile] = None
    context.addTaskCompletionListener[Unit] { _ =>
      // Clear a killed task's interruption: the cleanup below waits for answers.
      Thread.interrupted()
      encoder.close()
      try open.foreach(_.abandon())
      finally driver.close()
    }

    def run(): Unit = {
      val known = driver.begin(partition)
      val wanted = known.blocks.lastIndexWhere(_.wanted) + 1
      // In a whole partition, nothing has to be encoded after the last wanted block.
      val again = if (known.whole) known.blocks.take(wanted) else known.blocks
      again.zipWithIndex.foreach { case (block, sequence) =>
        val rows = if (block.wanted) write(sequence, block.rows) else this.rows.drop(block.rows)
        if (rows != block.rows) throw changed(sequence, block.rows, rows)
      }
      if (!known.whole) {
        var sequence = known.blocks.size
        while (rows.hasNext || (task.emptyBlocks && sequence == 0)) {
          write(sequence, task.blockRows)
          sequence += 1
        }
      }
    }

    /**
     * Writes one block. Its first batch is encoded before memory is reserved, because a block of
     * one batch has a known size.
     *
     * @return
     *   number of rows in the block
     */
    private def write(sequence: Int, maxRows: Long): Long = {
      var count = encoder.fill(rows, maxRows).toLong
      def mayGrow(size: Long): Boolean =
        count < maxRows && size + encoder.bytes <= task.blockBytes && rows.hasNext
      val reservation = Reservation(
        SparkExecutor.id,
        partition,
        sequence,
        context.taskAttemptId(),
        if (mayGrow(encoder.bytes)) task.blockBytes.max(encoder.bytes) else encoder.bytes
      )
      val file = new BlockFile(driver, reservation, task.files)
      open = Some(file)
      val sink = file.begin()
      file.writing {
        encoder.begin(sink)
        encoder.write()
      }
      while (mayGrow(sink.size)) {
        driver.stopWhenKilled()
        count += encoder.fill(rows, maxRows - count)
        file.writing(encoder.write())
      }
      file.writing(encoder.end())
      val accepted = file.publish(count, last = !rows.hasNext)
      open = None
      // Another attempt was faster. The driver refuses this request unless this one may continue.
      if (!accepted) driver.begin(partition)
      count
    }

    private def changed(sequence: Int, before: Long, now: Long): Throwable =
      new IllegalStateException(
        s"Block $sequence of partition $partition had $before rows, but has $now rows when it is " +
          "encoded again. Cache or checkpoint the DataFrame, then move it again."
      )
  }
}
