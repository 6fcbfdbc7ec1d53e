package org.rayonspark.plan

/** Which nodes run where: the head next to the Spark driver, a worker on each chosen executor. */
final case class ClusterPlan(head: NodePlan, workers: Vector[NodePlan])
