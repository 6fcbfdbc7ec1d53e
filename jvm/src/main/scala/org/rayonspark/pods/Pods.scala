package org.rayonspark.pods

/** The pods of one application's executors, as the API server knows them. */
trait Pods extends AutoCloseable {

  def list(): Vector[PodFacts]

  /** Why the API server would not take one more, in its own words; None where it would. */
  def refusal(): Option[String]

  override def close(): Unit
}
