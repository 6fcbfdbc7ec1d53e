package org.rayonspark.pods

/** The pods of one application's executors, as the API server reports them. */
trait Pods extends AutoCloseable {

  def list(): Vector[PodSummary]

  /** Returns why the API server would refuse one more pod; None if it would accept it. */
  def refusal(): Option[String]

  override def close(): Unit
}
