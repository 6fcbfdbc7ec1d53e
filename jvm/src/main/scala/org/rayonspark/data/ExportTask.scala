package org.rayonspark.data

import org.apache.spark.TaskContext
import org.apache.spark.rayonspark.{SparkExecutor, SparkRpc}
import org.apache.spark.sql.rayonspark.{ArrowEncoder, ArrowRows}
import org.apache.spark.sql.types.StructType

/**
 * Encodes one partition into blocks beside the executor's own Ray node.
 *
 * {{{
 *   rows ──batches──► file.tmp ──rename──► file
 *    Begin, Reserve ──► driver   (answers when there is room)
 *    Written ─────────► driver   (hands it on)
 * }}}
 *
 * @param desk
 *   name under which the driver answers
 * @param files
 *   what the names of its files begin with
 * @param blockBytes
 *   no block has more, unless a single batch has; what is cut where depends on the rows alone
 * @param claimBytes
 *   what is asked for a block whose size is not yet known
 * @param always
 *   whether a partition without rows makes a block without rows
 */
final case class ExportTask(
    desk: String,
    files: String,
    schema: StructType,
    timeZone: String,
    blockRows: Long,
    blockBytes: Long,
    claimBytes: Long,
    always: Boolean
) {
  def run(context: TaskContext, rows: ArrowRows): Unit =
    new ExportTask.Attempt(
      this,
      context,
      new ExportDesk(SparkRpc.ofThisApplication(), desk, () => context.isInterrupted()),
      rows
    ).run()
}

object ExportTask {

  /** Large enough that what a batch costs beside its rows does not count. */
  private val batchBytes = 16L << 20

  private final class Attempt(
      task: ExportTask,
      context: TaskContext,
      desk: ExportDesk,
      rows: ArrowRows
  ) {
    private val partition = context.partitionId()
    private val encoder =
      new ArrowEncoder(task.schema, task.timeZone, batchBytes.min(task.claimBytes))
    private var open: Option[BlockFile] = None
    context.addTaskCompletionListener[Unit] { _ =>
      // The interruption of a killed task has done its work; what comes now waits for answers.
      Thread.interrupted()
      encoder.close()
      try open.foreach(_.abandon())
      finally desk.close()
    }

    def run(): Unit = {
      val known = desk.begin(partition)
      val wanted = known.blocks.lastIndexWhere(_.wanted) + 1
      // Behind the last one that is wanted, a whole partition has nothing to tell.
      val again = if (known.whole) known.blocks.take(wanted) else known.blocks
      again.zipWithIndex.foreach { case (block, sequence) =>
        val rows = if (block.wanted) write(sequence, block.rows) else this.rows.drop(block.rows)
        if (rows != block.rows) throw changed(sequence, block.rows, rows)
      }
      if (!known.whole) {
        var sequence = known.blocks.size
        while (rows.hasNext || (task.always && sequence == 0)) {
          write(sequence, task.blockRows)
          sequence += 1
        }
      }
    }

    /**
     * The first batch is made before the driver is asked: it may be all.
     *
     * @return
     *   rows of the block
     */
    private def write(sequence: Int, most: Long): Long = {
      var count = encoder.fill(rows, most).toLong
      def mayGrow(size: Long): Boolean =
        count < most && size + encoder.bytes <= task.blockBytes && rows.hasNext
      val claim = Claim(
        SparkExecutor.id,
        partition,
        sequence,
        context.taskAttemptId(),
        if (mayGrow(encoder.bytes)) task.claimBytes.max(encoder.bytes) else encoder.bytes
      )
      val file = new BlockFile(desk, claim, task.files)
      open = Some(file)
      val sink = file.begin()
      file.writing {
        encoder.begin(sink)
        encoder.write()
      }
      while (mayGrow(sink.size)) {
        desk.stopWhenKilled()
        count += encoder.fill(rows, most - count)
        file.writing(encoder.write())
      }
      file.writing(encoder.end())
      val kept = file.publish(count, last = !rows.hasNext)
      open = None
      // Another attempt has begun the partition before this one: it is its to end.
      if (!kept) desk.begin(partition)
      count
    }

    private def changed(sequence: Int, before: Long, now: Long): Throwable =
      new IllegalStateException(
        s"Block $sequence of partition $partition had $before rows, and has $now now that it is " +
          "encoded again. Cache or checkpoint the DataFrame, and move it again."
      )
  }
}
