package org.rayonspark.data

import org.rayonspark.InvalidSpecException

/**
 * How a DataFrame is cut into blocks: `ExportOptions.defaults().withMaxRowsPerBlock(10000)`.
 *
 * @param maxRowsPerBlock
 *   maximum number of rows per block; if None, only the size limits a block: 128 MiB, or less if
 *   staging is small
 * @param numBlocks
 *   number of partitions; if None, the DataFrame's own. A partition whose size exceeds that of a
 *   block arrives as several blocks with consecutive sequence numbers, which the reader joins
 */
final case class ExportOptions(maxRowsPerBlock: Option[Long], numBlocks: Option[Int]) {

  /** Limits the number of rows per block. */
  def withMaxRowsPerBlock(rows: Long): ExportOptions = copy(maxRowsPerBlock = Some(rows))

  /** Asks for this many partitions; repartitions a DataFrame that has fewer. */
  def withNumBlocks(blocks: Int): ExportOptions = copy(numBlocks = Some(blocks))

  private def positive(name: String, value: Option[Long]): Unit =
    value.filter(_ < 1).foreach { v =>
      throw new InvalidSpecException(
        s"$name=$v is less than 1. Raise it, or leave it out."
      )
    }

  positive("max_rows_per_block", maxRowsPerBlock)
  positive("num_blocks", numBlocks.map(_.toLong))
  if (maxRowsPerBlock.isDefined && numBlocks.isDefined)
    throw new InvalidSpecException(
      s"max_rows_per_block=${maxRowsPerBlock.get} and num_blocks=${numBlocks.get} contradict " +
        "each other. Set only one of them."
    )
}

object ExportOptions {
  val defaults: ExportOptions = ExportOptions(None, None)

  /** Parses options from strings, under their Python names. */
  private[rayonspark] def of(texts: Map[String, String]): ExportOptions = {
    def number[T](name: String)(read: String => Option[T]): Option[T] = texts.get(name).map { text =>
      read(text).getOrElse(
        throw new InvalidSpecException(
          s"$name=$text is not a whole number. Set a whole number of at least 1."
        )
      )
    }
    ExportOptions(
      number("max_rows_per_block")(_.toLongOption),
      number("num_blocks")(_.toIntOption)
    )
  }
}
