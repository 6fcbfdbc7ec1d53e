package org.rayonspark.node

/** The end of the JVM that a node runs beside, where it ends in good order: by a signal, say. */
trait JvmEnd {

  /**
   * Has `work` done at the JVM's end, before Spark's own things end. It holds up the end, for as
   * long as Spark lets it.
   *
   * @return
   *   takes it back
   */
  def before(work: () => Unit): AutoCloseable
}

object JvmEnd {

  /** For the head's keeper: what ends the driver ends the cluster. */
  val ofDriver: JvmEnd = _ => () => ()
}
