package org.rayonspark.plan

import org.rayonspark.conf.{ByteSize, Key, Keys, ObjectStore}
import org.rayonspark.{
  InvalidSpecException,
  PlacementException,
  RayOnSparkException,
  UnreachableException,
  VersionMismatchException
}

/** Why no plan can be made of the offers: what happened, the numbers, and what to do. */
sealed abstract class PlanError(val message: String) extends Product with Serializable {

  /** The error that users see. */
  def exception: RayOnSparkException
}

object PlanError {

  /** What a user can mend in the spec. */
  sealed abstract class Invalid(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new InvalidSpecException(message)
  }

  /** What a user can mend in Spark's configuration or on a host. */
  sealed abstract class Placement(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new PlacementException(message)
  }

  /** What a user can mend by installing. */
  sealed abstract class Version(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new VersionMismatchException(message)
  }

  final case class TooFewOffers(asked: Int, offered: Int)
      extends Placement(
        s"Asked for ${many(asked, "Ray node")}, Spark offers ${many(offered, "executor")}. " +
          s"Lower ${Keys.numNodes.field}, or raise spark.executor.instances."
      )

  final case class TooManyForLocal(asked: Int)
      extends Invalid(
        s"Asked for $asked Ray nodes, a local master has one, the head. " +
          s"Leave ${Keys.numNodes.field} out, or use a master that has executors."
      )

  final case class Unreachable(node: NodeIdentity, gcsAddress: String, why: String)
      extends PlanError(
        s"${node.capital} cannot reach the Ray head at $gcsAddress: ${why.stripSuffix(".")}. " +
          s"Allow the connection in the firewall, or choose other ports with ${both(Keys.ports)}."
      ) {
    def exception: RayOnSparkException = new UnreachableException(message)
  }

  final case class RayMissing(node: NodeIdentity, python: String, wanted: String)
      extends Version(
        s"${node.capital} has no Ray in its Python $python. Install $wanted there, or set " +
          s"${both(Keys.python)} to an interpreter that has it."
      )

  final case class TooOld(node: NodeIdentity, program: String, found: String, least: String)
      extends Version(
        s"${node.capital} has $program $found, RayOnSpark needs $least or later. Install " +
          s"a later one, or set ${both(Keys.python)} to an interpreter that has it."
      )

  final case class RayDiffers(node: NodeIdentity, found: String, driver: String)
      extends Version(
        s"${node.capital} has Ray $found, the driver has Ray $driver. Ray needs the same version " +
          s"on every node: install ray==$driver there, or set ${both(Keys.python)} to an interpreter that " +
          "has it on every host."
      )

  final case class PythonDiffers(node: NodeIdentity, found: String, driver: String)
      extends Version(
        s"${node.capital} runs Ray with Python $found, the driver with Python $driver. Ray needs " +
          s"the same minor version on every node: set ${both(Keys.python)} to an interpreter that has it " +
          "on every host."
      )

  final case class TooFewCores(node: NodeIdentity, asked: Int, cores: Int, key: Key[_])
      extends Invalid(
        s"Asked for ${many(asked, "CPU")}, $node has ${many(cores, "core")}. Lower " +
          s"${both(key)}, or give Spark more cores there."
      )

  final case class TooFewGpus(node: NodeIdentity, asked: Int, gpus: Int)
      extends Invalid(
        s"Asked for ${many(asked, "GPU")}, $node has ${many(gpus, "GPU")} of Spark. Lower " +
          s"${both(Keys.gpusPerNode)}, or raise ${node.setting("resource.gpu.amount")}."
      )

  final case class ShareTooSmall(node: NodeIdentity, share: MemoryShare, least: Long)
      extends Placement(
        s"${node.capital} has ${ByteSize.format(share.bytes)} of memory for Ray ($share), and Ray " +
          s"needs at least ${ByteSize.format(least)}. ${share.advice(node).capitalize}."
      )

  final case class StoreOverShare(node: NodeIdentity, store: Long, share: MemoryShare)
      extends Invalid(
        s"The object store of ${ByteSize.format(store)} does not fit: $node has " +
          s"${ByteSize.format(share.bytes)} of memory for Ray ($share). Lower " +
          s"${both(Keys.objectStoreMemory)}, or ${share.advice(node)}."
      )

  final case class MemoryOverShare(
      node: NodeIdentity,
      memory: Long,
      store: Long,
      share: MemoryShare
  ) extends Invalid(
        s"Workers' memory of ${ByteSize.format(memory)} does not fit beside an object store of " +
          s"${ByteSize.format(store)}: $node has ${ByteSize.format(share.bytes)} of memory for " +
          s"Ray ($share). Lower ${both(Keys.memory)} or ${Keys.objectStoreMemory.field}, or " +
          s"${share.advice(node)}."
      )

  final case class StagingOverShare(node: NodeIdentity, staging: Long, share: MemoryShare)
      extends Invalid(
        s"Staging memory of ${ByteSize.format(staging)} does not fit: $node has " +
          s"${ByteSize.format(share.bytes)} of memory for Ray ($share). Lower " +
          s"${both(Keys.stagingMemory)}, or ${share.advice(node)}."
      )

  final case class StoreOverSharedMemory(
      node: NodeIdentity,
      store: Long,
      free: Long,
      nodesOnHost: Int
  ) extends Invalid(
        s"The object store of ${ByteSize.format(store)} does not fit: the /dev/shm of $node has " +
          s"${ByteSize.format(free)} free for ${many(nodesOnHost, "Ray node")}. Lower " +
          s"${both(Keys.objectStoreMemory)}, or give the host a larger /dev/shm."
      )

  final case class SharedMemoryTooSmall(node: NodeIdentity, free: Long, nodesOnHost: Int)
      extends Placement(
        s"The /dev/shm of $node has ${ByteSize.format(free)} free for " +
          s"${many(nodesOnHost, "Ray node")}, and each object store needs at least " +
          s"${ByteSize.format(ObjectStore.minimum)}. Give the host a larger /dev/shm (Kubernetes: " +
          "mount an emptyDir of medium Memory there), or name a directory on disk with " +
          s"--plasma-directory in ${Keys.workerArgs.field} and ${Keys.headArgs.field}."
      )

  final case class PathTooLong(node: NodeIdentity, directory: String, socket: Int, most: Int)
      extends Invalid(
        s"""The directory "$directory" of $node is too long: Ray's Unix sockets below it would """ +
          s"have $socket bytes in their path, and the system takes $most. Set " +
          s"${both(Keys.tempDir)} to a shorter path, such as /tmp."
      )

  final case class WorkerPortsTooFew(host: String, needed: Int, ports: Int)
      extends Invalid(
        s"""A Ray node on host "$host" needs ${many(needed, "port")} for its worker processes, """ +
          s"and its part of the worker range has $ports. Widen worker in ${both(Keys.ports)}."
      )

  final case class PortsMissing(node: NodeIdentity, ports: Vector[String])
      extends Placement(
        s"${node.capital} holds no port for ${ports.mkString(", ")}. This is a defect of " +
          "RayOnSpark: report it, with the driver's log."
      )

  private def many(count: Int, noun: String): String =
    if (count == 1) s"1 $noun" else s"$count ${noun}s"

  private def both(key: Key[_]): String = s"${key.field} (${key.setting})"
}
