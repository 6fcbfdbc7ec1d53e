package org.rayonspark.node

/** Shutdown hooks of a JVM that has a node. They run when it ends in order, also by a signal. */
trait ShutdownHooks {

  /**
   * Runs `work` when the JVM shuts down, before Spark's own hooks. The shutdown waits for `work`,
   * for as long as Spark allows.
   *
   * @return
   *   removes the hook when closed
   */
  def before(work: () => Unit): AutoCloseable
}

object ShutdownHooks {

  /** No hooks, for the head's agent: the cluster ends with the driver anyway. */
  val ofDriver: ShutdownHooks = _ => () => ()
}
