package org.rayonspark.plan

/** Divides the port range of Ray's worker processes among the nodes of one host. */
object WorkerPorts {

  // `ray start` refuses a range of one port.
  private val least: Int = 2

  /** Returns how many ports a node needs at least: one per CPU, for its worker processes. */
  def needed(cpus: Int): Int = math.max(least, cpus)

  /** Returns parts of equal size, one for each node. */
  def split(range: Range, nodes: Int): Vector[Range] = {
    val size = range.size / nodes
    Vector.tabulate(nodes)(i => range.slice(i * size, (i + 1) * size))
  }

  /** Returns the longest part of `range` that no other node uses. */
  def remainder(range: Range, taken: Vector[Range]): Range = {
    val bounds = taken.filter(_.nonEmpty).sortBy(_.head)
    val starts = range.head +: bounds.map(_.last + 1)
    val ends = bounds.map(_.head - 1) :+ range.last
    starts.zip(ends).map { case (start, end) => start to end }.maxBy(_.size)
  }
}
