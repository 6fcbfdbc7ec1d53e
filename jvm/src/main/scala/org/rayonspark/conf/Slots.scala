package org.rayonspark.conf

/** Whether a Ray node holds task slots of the Spark executor that it runs next to. */
sealed abstract class Slots(override val toString: String) extends Product with Serializable

object Slots {

  /** It holds none: the placing task returns when the node is alive, and Spark uses every slot. */
  case object Shared extends Slots("shared")

  /** It holds as many slots as it has CPUs, for as long as it runs. */
  case object Reserved extends Slots("reserved")

  val all: Vector[Slots] = Vector(Shared, Reserved)
}
