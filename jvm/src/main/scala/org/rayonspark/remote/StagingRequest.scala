package org.rayonspark.remote

/** A request to another host's staging server; all paths are on that host. */
private[remote] sealed trait StagingRequest extends Product with Serializable

private[remote] object StagingRequest {

  /** Appends the bytes that follow to a file, which is created if it is missing. */
  final case class Append(draft: String) extends StagingRequest

  /** Renames a complete draft to its final path. */
  final case class Publish(draft: String, path: String) extends StagingRequest

  final case class Delete(path: String) extends StagingRequest

  /** Answered by the file's size as a number of eight bytes, -1 when there is no such file. */
  final case class Size(path: String) extends StagingRequest

  /** Answered by `count` bytes of the file, or fewer at its end. */
  final case class Read(path: String, from: Long, count: Int) extends StagingRequest
}
