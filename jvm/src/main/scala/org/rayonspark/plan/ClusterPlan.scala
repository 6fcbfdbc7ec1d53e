package org.rayonspark.plan

/** What will run where: the head beside the Spark driver, and a worker on each chosen executor. */
final case class ClusterPlan(head: NodePlan, workers: Vector[NodePlan])
