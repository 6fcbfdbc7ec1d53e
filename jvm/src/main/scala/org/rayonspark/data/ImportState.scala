package org.rayonspark.data

/**
 * All that the driver knows of one Dataset on its way to Spark: where its blocks are staged, and
 * who reads them. Pure: every method gives the state after it.
 *
 * @param files
 *   by path: what is staged, or on its way
 * @param clock
 *   counts the uses, so that the one that is longest ago can be found
 */
final case class ImportState(
    files: Map[String, ImportState.File] = Map.empty,
    clock: Long = 0
) {
  import ImportState.File

  /** The file of a block in that executor's staging. */
  def find(block: Int, executorId: String): Option[(String, File)] =
    files.find { case (_, f) => f.block == block && f.executorId == executorId }

  def demand(path: String, block: Int, executorId: String, bytes: Long): ImportState =
    copy(files =
      files.updated(path, File(block, executorId, bytes, ready = false, Vector.empty, clock))
    )

  /** The file is there, with so many bytes. */
  def staged(path: String, bytes: Long): ImportState =
    change(path)(_.copy(ready = true, bytes = bytes))

  /** A reader on that executor begins with a file. */
  def pin(path: String, reader: String): ImportState =
    copy(clock = clock + 1)
      .change(path)(f => f.copy(readers = f.readers :+ reader, used = clock + 1))

  def unpin(path: String, reader: String): ImportState =
    change(path)(f => f.copy(readers = f.readers.diff(Vector(reader))))

  def drop(path: String): ImportState = copy(files = files - path)

  /**
   * What may go from that executor's staging: nobody who lives reads it, and its last use is
   * longest ago.
   */
  def eldest(executorId: String, alive: String => Boolean): Option[(String, File)] =
    files
      .filter { case (_, f) =>
        f.executorId == executorId && f.ready && !f.readers.exists(alive)
      }
      .minByOption { case (_, f) => f.used }

  private def change(path: String)(step: File => File): ImportState =
    files.get(path).fold(this)(f => copy(files = files.updated(path, step(f))))
}

object ImportState {

  /**
   * @param ready
   *   whether it is written
   * @param readers
   *   the executors of the tasks that read it now
   */
  final case class File(
      block: Int,
      executorId: String,
      bytes: Long,
      ready: Boolean,
      readers: Vector[String],
      used: Long
  )
}
