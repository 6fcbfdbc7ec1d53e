package org.apache.spark.rayonspark

import io.netty.buffer.ByteBuf
import io.netty.channel.{ChannelHandlerContext, ChannelInboundHandlerAdapter}
import io.netty.util.ReferenceCountUtil
import org.apache.spark.internal.Logging

/**
 * Closes a connection at the first frame that claims more than `maxBytes` bytes. Spark's own
 * decoder buffers up to 2 GiB of a frame before the peer has authenticated.
 *
 * {{{
 *   frame: | length of the frame, including these 8 bytes | the rest |
 * }}}
 *
 * Called only from the connection's thread.
 */
private[rayonspark] final class FrameLimit(maxBytes: Long)
    extends ChannelInboundHandlerAdapter
    with Logging {
  private var header = 0L
  private var headerBytes = 0
  private var left = 0L

  override def channelRead(context: ChannelHandlerContext, message: AnyRef): Unit =
    message match {
      case bytes: ByteBuf if !fits(bytes) =>
        ReferenceCountUtil.release(message)
        logWarning(
          s"${context.channel.remoteAddress} claimed a frame of $header bytes, and the maximum " +
            s"is $maxBytes. Closing its connection."
        )
        context.close()
        ()
      case _ =>
        context.fireChannelRead(message)
        ()
    }

  private def fits(bytes: ByteBuf): Boolean = {
    var at = bytes.readerIndex
    while (at < bytes.writerIndex)
      if (left > 0) {
        val skipped = left.min((bytes.writerIndex - at).toLong)
        left -= skipped
        at += skipped.toInt
      } else {
        header = (header << 8) | (bytes.getByte(at) & 0xff)
        headerBytes += 1
        at += 1
        if (headerBytes == java.lang.Long.BYTES) {
          if (header < headerBytes || header > maxBytes) return false
          left = header - headerBytes
          header = 0
          headerBytes = 0
        }
      }
    true
  }
}
