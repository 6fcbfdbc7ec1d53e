package org.rayonspark.python

import org.rayonspark.data.{BlockRequest, ImportBlock, ImportEvent}
import org.scalatest.funsuite.AnyFunSuite

final class ImportJsonSuite extends AnyFunSuite {
  test("an empty list stays empty, both ways") {
    assert(ImportJson.blocks("[]").isEmpty)
    assert(ImportJson.write(Vector.empty) == "[]")
  }

  test("blocks are read in their order, with numbers beyond 32 bits") {
    assert(
      ImportJson.blocks("""[[1, 5000000000, "n1"], [0, 8, ""]]""") ==
        Vector(ImportBlock(1, 5000000000L, "n1"), ImportBlock(0, 8, ""))
    )
  }

  test("an event names its frame, and the block that is requested") {
    val events = Vector(
      ImportEvent.BlockRequested("f", BlockRequest(7, "1", "n", "/a\"b")),
      ImportEvent.FrameReleased("g")
    )
    assert(
      ImportJson.write(events) ==
        """[{"frame":"f","request":{"block":7,"executorId":"1","rayNodeId":"n","path":"/a\"b"}},""" +
        """{"frame":"g"}]"""
    )
  }
}
