package org.apache.spark.rayonspark

import io.netty.buffer.Unpooled
import io.netty.channel.embedded.EmbeddedChannel
import org.scalatest.funsuite.AnyFunSuite

import java.nio.ByteBuffer
import scala.util.Random

final class FrameLimitSuite extends AnyFunSuite {

  test("the frame limit holds for pieces of any size") {
    val seed = System.nanoTime
    val random = new Random(seed)
    for (_ <- 1 to 200) withClue(s"seed $seed: ") {
      val lengths = Vector.fill(1 + random.nextInt(5))(8 + random.nextInt(93))
      val tooLong = random.nextBoolean()
      val all = (lengths ++ Option.when(tooLong)(101)).map { length =>
        ByteBuffer.allocate(length).putLong(length.toLong).array
      }
      val channel = new EmbeddedChannel(new FrameLimit(100))
      all.flatten.toArray.grouped(1 + random.nextInt(20)).foreach { piece =>
        if (channel.isOpen) channel.writeInbound(Unpooled.wrappedBuffer(piece))
      }
      assert(channel.isOpen != tooLong)
      channel.finishAndReleaseAll()
    }
  }
}
