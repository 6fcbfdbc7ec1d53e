package org.rayonspark.node

/**
 * How a node ended.
 *
 * @param code
 *   exit code of `ray start`; 128 + n when signal n ended it
 * @param asked
 *   whether the agent had asked it to drain or stop
 * @param tail
 *   the last lines that it printed, and the problems of its cleanup
 */
final case class NodeExit(code: Int, asked: Boolean, tail: Vector[String])
