package org.rayonspark.plan

/** Shares the range of Ray's worker processes out among the nodes of one host. */
object WorkerPorts {

  // `ray start` refuses a range of one port.
  private val least: Int = 2

  /** How many ports a node of so many CPUs needs at least: a worker process for each. */
  def needed(cpus: Int): Int = math.max(least, cpus)

  /** Parts of equal size, one to a node. */
  def split(range: Range, nodes: Int): Vector[Range] = {
    val size = range.size / nodes
    Vector.tabulate(nodes)(i => range.slice(i * size, (i + 1) * size))
  }

  /** The longest part of `range` that no node of the host has. */
  def remainder(range: Range, taken: Vector[Range]): Range = {
    val bounds = taken.filter(_.nonEmpty).sortBy(_.head)
    val starts = range.head +: bounds.map(_.last + 1)
    val ends = bounds.map(_.head - 1) :+ range.last
    starts.zip(ends).map { case (start, end) => start to end }.maxBy(_.size)
  }
}
