package org.apache.spark.sql.rayonspark

import org.apache.spark.unsafe.Platform

/**
 * A string column of one batch of Spark's cache, as `CompressibleColumnBuilder` writes it.
 *
 * {{{
 *   null count N │ N positions of nulls │ scheme │ values that are not null
 *    0 plain:       length, bytes …
 *    1 run length:  length, bytes, repetitions …
 *    2 dictionary:  size, (length, bytes) …, a short for each value …
 * }}}
 */
private[rayonspark] final class CachedText(cached: Array[Byte]) {
  private val start = Platform.BYTE_ARRAY_OFFSET.toLong
  private val nulls = Platform.getInt(cached, start)
  private val scheme = Platform.getInt(cached, start + 4L + 4L * nulls)

  // Addresses of the next null's position and of the next value.
  private var nullAt = start + 4
  private var at = start + 8L + 4L * nulls
  private val valuesAt = at

  /** Copies rows `from` until `from + rows` to rows `index` and following of a column. */
  def copy(from: Int, rows: Int, column: BytesColumn, index: Int): Unit = scheme match {
    case 0 => plain(from, from + rows, column, index - from)
    case 1 => runs(from, from + rows, column, index - from)
    case 2 => dictionary(from, from + rows, column, index - from)
    case other =>
      throw new IllegalStateException(s"Unknown compression in Spark's cache: scheme $other")
  }

  private def plain(from: Int, until: Int, column: BytesColumn, shift: Int): Unit = {
    var next = nextNull()
    var row = 0
    while (row < until) {
      if (row == next) {
        next = nextNull()
        if (row >= from) column.putNull(row + shift)
      } else {
        val length = Platform.getInt(cached, at)
        if (row >= from) column.put(cached, at + 4, length, row + shift)
        at += 4 + length
      }
      row += 1
    }
  }

  private def runs(from: Int, until: Int, column: BytesColumn, shift: Int): Unit = {
    var next = nextNull()
    var value = 0L
    var length = 0
    var left = 0
    var row = 0
    while (row < until) {
      if (row == next) {
        next = nextNull()
        if (row >= from) column.putNull(row + shift)
      } else {
        if (left == 0) {
          length = Platform.getInt(cached, at)
          value = at + 4
          left = Platform.getInt(cached, value + length)
          at = value + length + 4
        }
        left -= 1
        if (row >= from) column.put(cached, value, length, row + shift)
      }
      row += 1
    }
  }

  private def dictionary(from: Int, until: Int, column: BytesColumn, shift: Int): Unit = {
    val words = new Array[Long](Platform.getInt(cached, at))
    at += 4
    var word = 0
    while (word < words.length) {
      words(word) = at
      at += 4 + Platform.getInt(cached, at)
      word += 1
    }
    var next = nextNull()
    var row = 0
    while (row < until) {
      if (row == next) {
        next = nextNull()
        if (row >= from) column.putNull(row + shift)
      } else {
        val value = words(Platform.getShort(cached, at).toInt)
        if (row >= from) column.put(cached, value + 4, Platform.getInt(cached, value), row + shift)
        at += 2
      }
      row += 1
    }
  }

  /** Returns the row of the next null, or -1 when there is none. */
  private def nextNull(): Int =
    if (nullAt < valuesAt - 4) {
      val row = Platform.getInt(cached, nullAt)
      nullAt += 4
      row
    } else -1
}
