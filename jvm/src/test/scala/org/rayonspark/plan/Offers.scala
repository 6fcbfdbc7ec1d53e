package org.rayonspark.plan

import org.rayonspark.conf.RayPort

/** Complete offers, for tests to modify. */
object Offers {
  val mebi: Long = 1024L * 1024
  val gibi: Long = 1024L * mebi

  /** A driver with 2 cores and 4 GiB for Ray, in no container. */
  val head: ResourceOffer = executor(NodeIdentity.driver, "10.0.0.1", 20000)

  def executor(id: String, host: String, firstPort: Int): ResourceOffer = ResourceOffer(
    executorId = id,
    host = host,
    cores = 2,
    gpuAddresses = Vector.empty,
    memory = MemoryOffer(limit = Some(5 * gibi + 384 * mebi), available = 64 * gibi, heap = gibi),
    sharedMemory = Some(8 * gibi),
    ports = RayPort.all.zipWithIndex.map { case (port, i) => port -> (firstPort + i) }.toMap,
    directory = s"/tmp/ros-$id",
    localDirs = Vector(s"/data/$id/a", s"/data/$id/b"),
    logDirectory = s"/logs/$id",
    sharedLogs = false,
    pythonPath = Vector(s"/work/$id/lib.zip"),
    python = "3.11.7",
    ray = Some("2.60.0"),
    dashboard = true,
    unreachable = None
  )

  def workers(count: Int): Vector[ResourceOffer] =
    Vector.tabulate(count)(i => executor(s"${i + 1}", s"10.0.0.${i + 2}", 20000))
}
