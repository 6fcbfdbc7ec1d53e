package org.rayonspark.plan

import org.rayonspark.conf.{ByteSize, Key, Keys, ObjectStore}
import org.rayonspark.{
  InvalidSpecException,
  PlacementException,
  RayOnSparkException,
  UnreachableException,
  VersionMismatchException
}

/** Why a cluster cannot be planned from its offers. */
sealed abstract class PlanError(val message: String) extends Product with Serializable {

  /** Returns the exception that users see. */
  def exception: RayOnSparkException
}

object PlanError {

  /** Problems that a user can fix in the spec. */
  sealed abstract class Invalid(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new InvalidSpecException(message)
  }

  /** Problems that a user can fix in Spark's configuration or on a host. */
  sealed abstract class Placement(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new PlacementException(message)
  }

  /** Problems that a user can fix by installing other versions. */
  sealed abstract class Version(message: String) extends PlanError(message) {
    final def exception: RayOnSparkException = new VersionMismatchException(message)
  }

  final case class TooFewOffers(asked: Int, offered: Int)
      extends Placement(
        s"Asked for ${many(asked, "Ray node")}, but Spark offers ${many(offered, "executor")}. " +
          s"Lower ${Keys.numNodes.field}, or raise spark.executor.instances."
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
        s"${node.capital} has $program $found, but RayOnSpark needs $least or later. Install " +
          s"a later version, or set ${both(Keys.python)} to an interpreter that has it."
      )

  final case class NoTokens(node: NodeIdentity, found: String, least: String)
      extends Version(
        s"${node.capital} has Ray $found, but auth is token, which needs Ray $least or later. " +
          s"Install ray $least or later on every node, or set ${both(Keys.auth)} to disabled: " +
          "anyone who reaches one of Ray's ports can then run code as this user."
      )

  final case class RayDiffers(node: NodeIdentity, found: String, driver: String)
      extends Version(
        s"${node.capital} has Ray $found, but the driver has Ray $driver. Ray needs the same " +
          s"version on every node: install ray==$driver there, or set ${both(Keys.python)} to an " +
          "interpreter that has it on every host."
      )

  final case class PythonDiffers(node: NodeIdentity, found: String, driver: String)
      extends Version(
        s"${node.capital} runs Ray with Python $found, but the driver with Python $driver. Ray " +
          s"needs the same minor version on every node: set ${both(Keys.python)} to an " +
          "interpreter that has it on every host."
      )

  final case class TooFewCores(node: NodeIdentity, asked: Int, cores: Int, key: Key[_])
      extends Invalid(
        s"Asked for ${many(asked, "CPU")}, but $node has ${many(cores, "core")}. Lower " +
          s"${both(key)}, or give Spark more cores there."
      )

  final case class TooFewGpus(node: NodeIdentity, asked: Int, gpus: Int)
      extends Invalid(
        s"Asked for ${many(asked, "GPU")}, but $node has ${many(gpus, "GPU")} from Spark. Lower " +
          s"${both(Keys.gpusPerNode)}, or raise ${node.setting("resource.gpu.amount")}."
      )

  final case class ShareTooSmall(node: NodeIdentity, share: MemoryShare, least: Long)
      extends Placement(
        s"${node.capital} has ${ByteSize.format(share.bytes)} of memory for Ray ($share), and " +
          s"Ray needs at least ${ByteSize.format(least)}. ${share.advice(node).capitalize}."
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
        s"Worker memory of ${ByteSize.format(memory)} does not fit next to an object store of " +
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
          s"${ByteSize.format(ObjectStore.minimum)}. Give the host a larger /dev/shm (on " +
          "Kubernetes, mount an emptyDir of medium Memory there), or set a directory on disk " +
          s"with --plasma-directory in ${Keys.workerArgs.field} and ${Keys.headArgs.field}."
      )

  final case class PathTooLong(node: NodeIdentity, directory: String, socket: Int, most: Int)
      extends Invalid(
        s"""The directory "$directory" of $node is too long: Ray's Unix sockets below it would """ +
          s"have paths of $socket bytes, and the system allows $most. Set " +
          s"${both(Keys.tempDir)} to a shorter path, such as /tmp."
      )

  final case class WorkerPortsTooFew(host: String, needed: Int, ports: Int)
      extends Invalid(
        s"""A Ray node on host "$host" needs ${many(needed, "port")} for its worker processes, """ +
          s"and its part of the worker range has $ports. Widen worker in ${both(Keys.ports)}."
      )

  final case class PortsMissing(node: NodeIdentity, ports: Vector[String])
      extends Placement(
        s"${node.capital} holds no port for ${ports.mkString(", ")}. This is a bug in " +
          "RayOnSpark: report it with the driver's log."
      )

  private def many(count: Int, noun: String): String =
    if (count == 1) s"1 $noun" else s"$count ${noun}s"

  private def both(key: Key[_]): String = s"${key.field} (${key.setting})"
}
