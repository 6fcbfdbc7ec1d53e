package org.rayonspark.route

/** What is asked of another host's staging; all paths are there. */
private[route] sealed trait RouteQuestion extends Product with Serializable

private[route] object RouteQuestion {

  /** Add the bytes that follow to a file, which may be new. */
  final case class Append(draft: String) extends RouteQuestion

  /** The draft is whole: it gets its name. */
  final case class Publish(draft: String, path: String) extends RouteQuestion

  final case class Delete(path: String) extends RouteQuestion

  /** Answered by the bytes of the file in eight bytes, -1 when there is none. */
  final case class Size(path: String) extends RouteQuestion

  /** Answered by so many bytes of the file. */
  final case class Read(path: String, from: Long, count: Int) extends RouteQuestion
}
