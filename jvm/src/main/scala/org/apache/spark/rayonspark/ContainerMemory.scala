package org.apache.spark.rayonspark

import org.apache.spark.SparkConf

/** The memory that Spark requests from a cluster manager: the JVM's heap and everything else. */
object ContainerMemory {

  /** Returns the requested memory in bytes. */
  def apply(conf: SparkConf, isDriver: Boolean): Long = {
    val role = if (isDriver) "driver" else "executor"
    val heap = conf.getSizeAsMb(s"spark.$role.memory", "1g")
    val factor = conf.getDouble(s"spark.$role.memoryOverheadFactor", 0.1)
    val least =
      conf.getSizeAsMb(s"spark.$role.minMemoryOverhead", "384m").max((heap * factor).toLong)
    val overhead = conf.getSizeAsMb(s"spark.$role.memoryOverhead", s"${least}m")
    val python = if (isDriver) 0L else conf.getSizeAsMb("spark.executor.pyspark.memory", "0m")
    val offHeap =
      if (isDriver || !conf.getBoolean("spark.memory.offHeap.enabled", false)) 0L
      else conf.getSizeAsBytes("spark.memory.offHeap.size", "0b")
    ((heap + overhead + python) << 20) + offHeap
  }
}
