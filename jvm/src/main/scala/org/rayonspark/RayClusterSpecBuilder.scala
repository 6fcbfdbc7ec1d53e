package org.rayonspark

import org.rayonspark.conf.{Auth, FlatJson, Key, Keys, Scheduling, Slots}

import java.time.Duration
import scala.collection.JavaConverters._

/**
 * Collects the fields of a [[RayClusterSpec]]. Immutable: each method returns a new builder. Sizes
 * are text such as "500m" or "1.5g", in binary units; a number without a unit is in bytes.
 * `docs/configuration.md` describes each field, its range and its default.
 */
final class RayClusterSpecBuilder private[rayonspark] (texts: Map[String, String]) {
  private[rayonspark] def this() = this(Map.empty[String, String])

  /**
   * Returns the spec.
   *
   * @throws InvalidSpecException
   *   if a value cannot be used, or if two values contradict each other
   */
  def build(): RayClusterSpec = RayClusterSpec.of(texts)

  def numNodes(nodes: Int): RayClusterSpecBuilder = set(Keys.numNodes, nodes)
  def cpusPerNode(cpus: Int): RayClusterSpecBuilder = set(Keys.cpusPerNode, cpus)
  def gpusPerNode(gpus: Double): RayClusterSpecBuilder = set(Keys.gpusPerNode, gpus)
  def memory(size: String): RayClusterSpecBuilder = set(Keys.memory, size)
  def objectStoreMemory(size: String): RayClusterSpecBuilder = set(Keys.objectStoreMemory, size)
  def stagingMemory(size: String): RayClusterSpecBuilder = set(Keys.stagingMemory, size)
  def headCpus(cpus: Int): RayClusterSpecBuilder = set(Keys.headCpus, cpus)

  def resources(quantities: java.util.Map[String, java.lang.Double]): RayClusterSpecBuilder =
    set(Keys.resources, FlatJson.write(quantities.asScala.toMap))

  def labels(values: java.util.Map[String, String]): RayClusterSpecBuilder =
    set(Keys.labels, FlatJson.write(values.asScala.toMap))

  def env(variables: java.util.Map[String, String]): RayClusterSpecBuilder =
    set(Keys.env, FlatJson.write(variables.asScala.toMap))

  def python(interpreter: String): RayClusterSpecBuilder = set(Keys.python, interpreter)

  def envPassthrough(patterns: java.util.List[String]): RayClusterSpecBuilder =
    set(Keys.envPassthrough, FlatJson.write(patterns.asScala.toVector))

  def headArgs(options: java.util.List[String]): RayClusterSpecBuilder =
    set(Keys.headArgs, FlatJson.write(options.asScala.toVector))

  def workerArgs(options: java.util.List[String]): RayClusterSpecBuilder =
    set(Keys.workerArgs, FlatJson.write(options.asScala.toVector))

  /** Sets ports and port ranges, such as "gcs=6379,worker=10000-10999,range=20000-20999". */
  def ports(policy: String): RayClusterSpecBuilder = set(Keys.ports, policy)

  def scheduling(choice: Scheduling): RayClusterSpecBuilder = set(Keys.scheduling, choice)
  def scheduling(choice: String): RayClusterSpecBuilder = set(Keys.scheduling, choice)
  def slots(choice: Slots): RayClusterSpecBuilder = set(Keys.slots, choice)
  def slots(choice: String): RayClusterSpecBuilder = set(Keys.slots, choice)

  /** Former name of [[slots]]. */
  @deprecated("Use slots.", "0.1.0")
  def tenure(choice: String): RayClusterSpecBuilder = slots(choice)

  def startTimeout(timeout: Duration): RayClusterSpecBuilder =
    set(Keys.startTimeout, s"${timeout.toMillis}ms")

  def tempDir(path: String): RayClusterSpecBuilder = set(Keys.tempDir, path)
  def spillDir(path: String): RayClusterSpecBuilder = set(Keys.spillDir, path)
  def dashboard(on: Boolean): RayClusterSpecBuilder = set(Keys.dashboard, on)
  def dashboardHost(address: String): RayClusterSpecBuilder = set(Keys.dashboardHost, address)
  def dashboardPort(port: Int): RayClusterSpecBuilder = set(Keys.dashboardPort, port)
  def usageStats(on: Boolean): RayClusterSpecBuilder = set(Keys.usageStats, on)
  def logDir(path: String): RayClusterSpecBuilder = set(Keys.logDir, path)
  def auth(choice: Auth): RayClusterSpecBuilder = set(Keys.auth, choice)
  def auth(choice: String): RayClusterSpecBuilder = set(Keys.auth, choice)
  def maxRestarts(restarts: Int): RayClusterSpecBuilder = set(Keys.maxRestarts, restarts)

  /** Sets how long a node may drain. Zero turns draining off. */
  def drainTimeout(timeout: Duration): RayClusterSpecBuilder =
    set(Keys.drainTimeout, s"${timeout.toMillis}ms")

  private def set(key: Key[_], value: Any): RayClusterSpecBuilder =
    new RayClusterSpecBuilder(texts + (key.name -> Option(value).map(_.toString).orNull))
}
