package org.rayonspark.python

import com.fasterxml.jackson.databind.ObjectMapper
import org.rayonspark.data.{ImportBlock, ImportEvent}

import scala.collection.JavaConverters._

/**
 * Reads lists of blocks and writes lists of events as one text each: py4j needs a round trip for
 * each entry of a list.
 */
private[python] object ImportJson {
  private val mapper = new ObjectMapper

  /** Reads `[[rows, bytes, "rayNodeId"], …]`. */
  def blocks(text: String): Vector[ImportBlock] =
    mapper
      .readTree(text)
      .elements
      .asScala
      .map(b => ImportBlock(b.get(0).asLong, b.get(1).asLong, b.get(2).asText))
      .toVector

  /** Writes `[{"frame": id, "request": {…}}, …]`; without a request, the frame was released. */
  def write(events: Vector[ImportEvent]): String = {
    val list = mapper.createArrayNode()
    events.foreach { event =>
      val entry = list.addObject().put("frame", event.frame)
      event match {
        case ImportEvent.BlockRequested(_, request) =>
          entry
            .putObject("request")
            .put("block", request.block)
            .put("executorId", request.executorId)
            .put("rayNodeId", request.rayNodeId)
            .put("path", request.path)
        case ImportEvent.FrameReleased(_) => ()
      }
    }
    mapper.writeValueAsString(list)
  }
}
