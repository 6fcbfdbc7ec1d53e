package org.rayonspark.data

import org.rayonspark.InvalidSpecException

/**
 * How a DataFrame is cut into blocks: `ExportOptions.defaults().withMaxRowsPerBlock(10000)`.
 *
 * @param maxRowsPerBlock
 *   none leaves it to the block's size, 128 MiB or a part of the staging
 * @param numBlocks
 *   as many partitions, each of them one block; none takes the frame's partitions
 */
final case class ExportOptions(maxRowsPerBlock: Option[Long], numBlocks: Option[Int]) {

  /** No block has more rows. */
  def withMaxRowsPerBlock(rows: Long): ExportOptions = copy(maxRowsPerBlock = Some(rows))

  /** So many blocks exactly; the frame is repartitioned if it has fewer partitions. */
  def withNumBlocks(blocks: Int): ExportOptions = copy(numBlocks = Some(blocks))

  private def positive(name: String, value: Option[Long]): Unit =
    value.filter(_ < 1).foreach { v =>
      throw new InvalidSpecException(
        s"$name=$v is not a number of at least 1. Leave it out, or raise it."
      )
    }

  positive("max_rows_per_block", maxRowsPerBlock)
  positive("num_blocks", numBlocks.map(_.toLong))
  if (maxRowsPerBlock.isDefined && numBlocks.isDefined)
    throw new InvalidSpecException(
      s"max_rows_per_block=${maxRowsPerBlock.get} and num_blocks=${numBlocks.get} contradict each " +
        "other. Give one of them."
    )
}

object ExportOptions {
  val defaults: ExportOptions = ExportOptions(None, None)

  /** From texts, under Python's names. */
  private[rayonspark] def of(texts: Map[String, String]): ExportOptions = {
    def number[T](name: String)(read: String => Option[T]): Option[T] = texts.get(name).map { text =>
      read(text).getOrElse(
        throw new InvalidSpecException(
          s"$name=$text is not a whole number. Give one of at least 1."
        )
      )
    }
    ExportOptions(
      number("max_rows_per_block")(_.toLongOption),
      number("num_blocks")(_.toIntOption)
    )
  }
}
