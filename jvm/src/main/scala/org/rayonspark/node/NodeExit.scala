package org.rayonspark.node

/**
 * How a node ended.
 *
 * @param code
 *   exit code of `ray start`; 128 + n when signal n ended it
 * @param asked
 *   whether we had asked it to stop
 * @param tail
 *   the last lines that it printed
 */
final case class NodeExit(code: Int, asked: Boolean, tail: Vector[String])
