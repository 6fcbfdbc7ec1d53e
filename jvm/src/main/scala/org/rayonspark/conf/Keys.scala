package org.rayonspark.conf

import scala.concurrent.duration.{DurationInt, FiniteDuration}

/**
 * All settings, in the order of the spec's fields. `docs/configuration.md` is generated from their
 * descriptions.
 */
object Keys {
  val numNodes: Key[Option[Int]] = Key(
    "numNodes",
    KeyType.count(1).optional,
    None,
    "all executors",
    "Number of worker nodes, one per executor. The head, which runs next to the driver, does not " +
      "count; with a local master it is the only node. The default is the number of executors " +
      "that Spark's settings request. On a standalone cluster where `spark.cores.max` or " +
      "`spark.executor.cores` is not set, Spark starts as many executors as fit; the default is " +
      "then the number of executors that have registered once no further one has followed for 5 " +
      "seconds. With dynamic allocation the default is the number of executors that Spark starts " +
      "with or already has, and at least one."
  )

  val cpusPerNode: Key[Option[Int]] = Key(
    "cpusPerNode",
    KeyType.count(1).optional,
    None,
    "the executor's cores",
    "CPUs that each worker node offers to Ray, at most the cores of its executor."
  )

  val gpusPerNode: Key[Option[Double]] = Key(
    "gpusPerNode",
    KeyType.whole.optional,
    None,
    "all GPUs of the executor",
    "GPUs that each worker node offers to Ray, out of those that Spark has assigned to its " +
      "executor (`spark.executor.resource.gpu.amount`). RayOnSpark sets CUDA_VISIBLE_DEVICES of " +
      "the node to their addresses. On a local master without GPUs of Spark, they are GPUs of " +
      "the machine, which Ray chooses. The number must be whole, but Ray tasks may request " +
      "fractions of a GPU. With dynamic allocation a node can use the GPUs of one Spark task " +
      "(`spark.task.resource.gpu.amount`)."
  )

  val memory: Key[Option[Long]] = Key(
    "memory",
    KeyType.size.optional,
    None,
    "the node's memory share minus its object store",
    "Memory for the heaps of Ray's workers on each node (`ray start --memory`), in addition to " +
      "the object store. Ray schedules by this number but does not enforce it. `memory` and " +
      "`objectStoreMemory` together must fit into the node's memory share. The share is the " +
      "executor's memory limit, minus the heap of its JVM and minus 384 MiB for the rest of the " +
      "JVM. The limit is the container's or cgroup's limit, or the host's available memory " +
      "divided by the number of nodes on the host, whichever is smaller."
  )

  val objectStoreMemory: Key[Option[Long]] = Key(
    "objectStoreMemory",
    KeyType.size.and(ObjectStore.check).optional,
    None,
    "30% of the node's memory share, or its part of the free /dev/shm if that is smaller; where " +
      "`init_orca_context` sizes the containers on YARN and Kubernetes, a quarter of the heap and " +
      "at least 256 MiB",
    "Memory for the object store of each node, at least 75 MiB. It must fit into the node's " +
      "memory share (see `memory`) and into the free /dev/shm divided by the number of nodes on " +
      "the host. The head uses this size too, or its own default if the size does not fit there. " +
      "If `memory` is set as well, the object store must not be larger than `memory`; to make it " +
      "larger, set only `objectStoreMemory`."
  )

  val stagingMemory: Key[Option[Long]] = Key(
    "stagingMemory",
    KeyType.size.optional,
    None,
    "a quarter of the object store",
    "Maximum size of each node's staging directory, which holds data in transit between Spark " +
      "and Ray. The directory is in /dev/shm if the host has it, and is separate from the object " +
      "store. When it is full, further data waits."
  )

  val headCpus: Key[Option[Int]] = Key(
    "headCpus",
    KeyType.count(0).optional,
    None,
    "0; with a local master, `cpusPerNode` if set, else the master's cores",
    "CPUs that the head offers to Ray. With 0, tasks and actors that need CPUs never run on the " +
      "head."
  )

  val resources: Key[Map[String, Double]] = Key(
    "resources",
    KeyType.quantities.and(ReservedNames.checkResources),
    Map.empty,
    "none",
    "Custom resources that each worker node offers, in whole numbers: a JSON object, or " +
      "comma-separated name=number pairs."
  )

  val labels: Key[Map[String, String]] = Key(
    "labels",
    KeyType.map.and(LabelSyntax.check),
    Map.empty,
    "none",
    "Ray labels of each worker node: a JSON object, or comma-separated name=value pairs. " +
      "RayOnSpark sets `rayonspark.org/executor-id` and `rayonspark.org/host` on every node, " +
      "including the head."
  )

  val env: Key[Map[String, String]] = Key(
    "env",
    KeyType.map
      .hidden("it must be a JSON object or name=value pairs")
      .and(ReservedNames.checkVariables),
    Map.empty,
    "none",
    "Environment variables of Ray's processes on every node: a JSON object, or comma-separated " +
      "name=value pairs. They override what a node inherits; see `envPassthrough`."
  )

  val envPassthrough: Key[Vector[String]] = Key(
    "envPassthrough",
    KeyType.list.and(ReservedNames.checkPatterns),
    Vector("*"),
    "`*`",
    "Names of the environment variables that a node inherits from the Spark process that it runs " +
      "next to, with the wildcards `*` and `?`: a JSON array, or words separated by spaces. By " +
      "default, Ray's tasks have the variables that Spark's Python workers have, including " +
      "`spark.executorEnv.*`. Whatever the patterns are, nodes inherit what programs need to run, " +
      "such as PATH and HOME, and never Spark's own variables (its secrets are there) or those of " +
      "other Ray clusters. The log of the Spark process names the variables that were left out."
  )

  val python: Key[Option[String]] = Key(
    "python",
    KeyType.text.optional,
    None,
    "the first that is set of `spark.pyspark.python` and PYSPARK_PYTHON, else `python3`",
    "Interpreter that runs Ray on every node, including the head. All nodes need the same Ray " +
      "version and the same minor version of Python. If `python` is not set, the head uses the " +
      "interpreter of the Python program that starts the cluster. If a Scala or Java program " +
      "starts the cluster, the head uses `spark.pyspark.driver.python` or PYSPARK_DRIVER_PYTHON " +
      "if set, and otherwise the default above. To set an interpreter that exists only on the " +
      "executors, use `spark.pyspark.python`."
  )

  val headArgs: Key[Vector[String]] = Key(
    "headArgs",
    KeyType.list.and(ReservedNames.checkHeadArguments),
    Vector.empty,
    "none",
    "Additional `ray start` options for the head: a JSON array, or words separated by spaces. " +
      "Options that RayOnSpark sets itself are rejected."
  )

  val workerArgs: Key[Vector[String]] = Key(
    "workerArgs",
    KeyType.list.and(ReservedNames.checkArguments),
    Vector.empty,
    "none",
    "Additional `ray start` options for the worker nodes, in the same format as `headArgs`."
  )

  val ports: Key[PortPolicy] = Key(
    "ports",
    KeyType("ports", "", KeyType.map.parse(_).flatMap(PortPolicy.parse)),
    PortPolicy.free,
    "free ports",
    "Ports to use, for example `gcs=6379,worker=10000-10999,range=20000-20999`. `range` is the " +
      "range for all ports without a number of their own. `worker` is the range for Ray's worker " +
      "processes, which the nodes on a host divide among themselves. Each of the other names " +
      "sets one port: " + RayPort.all.map(port => s"`${port.key}`").mkString(", ") +
      ". Ray Client's server (`ray://`) runs only if `client_server` has a number here."
  )

  val scheduling: Key[Scheduling] = Key(
    "scheduling",
    KeyType.oneOf(Scheduling.all),
    Scheduling.Barrier,
    "barrier",
    "How Spark schedules the tasks that place the nodes, one on each executor and with one slot. " +
      "With `barrier`, all of them start together or none does. With `plain`, each starts as " +
      "soon as its executor has a free slot. With dynamic allocation it is always `plain`."
  )

  val slots: Key[Slots] = Key(
    "slots",
    KeyType.oneOf(Slots.all),
    Slots.Shared,
    "shared",
    "Who uses the executor's task slots while a node runs next to it. With `shared`, Spark keeps " +
      "all of them. With `reserved`, the node holds as many slots as it has CPUs " +
      "(`cpusPerNode`). With dynamic allocation it is always `reserved`, because Spark would " +
      "otherwise remove the executor as idle, and its node with it.",
    formerName = Some("tenure")
  )

  val startTimeout: Key[FiniteDuration] = Key(
    "startTimeout",
    KeyType.duration,
    120.seconds,
    "120s",
    "How long a start may take, including the time to wait for executors to register."
  )

  val tempDir: Key[String] = Key(
    "tempDir",
    KeyType.path,
    "/tmp",
    "/tmp",
    "Directory in which each node creates its own directory, which is removed with the node. " +
      "The path may have at most 29 bytes, and on the head at most 23 while the dashboard is on, " +
      "because the paths of Ray's Unix sockets below it may have at most 107."
  )

  val spillDir: Key[Option[String]] = Key(
    "spillDir",
    KeyType.path.optional,
    None,
    "the first of Spark's local directories on the executor",
    "Directory in which each node creates a directory for objects that do not fit into its " +
      "object store. That directory is removed with the node."
  )

  val dashboard: Key[Boolean] = Key(
    "dashboard",
    KeyType.boolean,
    true,
    "true",
    "Whether the head runs Ray's dashboard, if it is installed. A start does not wait for it. " +
      "`ray job` and `ray list` need it."
  )

  val dashboardHost: Key[String] =
    Key(
      "dashboardHost",
      KeyType.text,
      "127.0.0.1",
      "127.0.0.1",
      "Address that the dashboard binds to."
    )

  val dashboardPort: Key[Option[Int]] = Key(
    "dashboardPort",
    KeyType.port.optional,
    None,
    "a free port",
    "Port of the dashboard. `dashboard` in `ports` sets the same port, so use only one of them."
  )

  val usageStats: Key[Boolean] = Key(
    "usageStats",
    KeyType.boolean,
    false,
    "false",
    "Whether the head reports usage statistics to Ray's developers over the internet. Ray's own " +
      "default is to report them."
  )

  val logDir: Key[Option[String]] = Key(
    "logDir",
    KeyType.path.optional,
    None,
    "the executor's own log or work directory; for the head outside of YARN's containers " +
      "SPARK_LOG_DIR, or else `rayonspark` in XDG_STATE_HOME, or else `~/.local/state/rayonspark`",
    "Directory that keeps the logs of a node after it has ended, in a subdirectory named after " +
      "the node."
  )

  val auth: Key[Auth] = Key(
    "auth",
    KeyType.oneOf(Auth.all),
    Auth.Token,
    "token",
    "How Ray authenticates requests. With `token`, every request needs a secret token, which is " +
      "new for every cluster. With `disabled`, anyone who reaches one of Ray's ports can run " +
      "code as your user. Tokens need Ray 2.52 or later; older versions need `disabled`."
  )

  val maxRestarts: Key[Int] = Key(
    "maxRestarts",
    KeyType.count(0),
    3,
    "3",
    "How often a worker node that ends unexpectedly is restarted within 10 minutes. After that, " +
      "the cluster continues without it. If the head ends, the cluster ends."
  )

  val drainTimeout: Key[FiniteDuration] = Key(
    "drainTimeout",
    KeyType.durationOrNone,
    20.seconds,
    "20s",
    "How long a node may take to finish its work when Spark or the cluster manager is about to " +
      "remove its executor, either by SIGTERM (for example a drained Kubernetes node or a " +
      "reclaimed spot instance) or by Spark's decommissioning. The node gets no more work, and " +
      "ends as soon as nothing runs on it and its object store is empty. 0 turns draining off: " +
      "nodes end at once. Keep the timeout 5 seconds below the time that the cluster manager " +
      "waits before it kills (on Kubernetes `terminationGracePeriodSeconds`, 30 seconds by " +
      "default), and below the 30 seconds that Spark waits (`spark.shutdown.timeout`). With " +
      "older Ray versions that do not drain on SIGTERM, nodes end at once."
  )

  /** Current names of renamed settings, by former name. */
  def formerSettings: Map[String, String] =
    all.flatMap(key => key.formerName.map(name => Key.prefix + name -> key.setting)).toMap

  val all: Vector[Key[_]] = Vector(
    numNodes,
    cpusPerNode,
    gpusPerNode,
    memory,
    objectStoreMemory,
    stagingMemory,
    headCpus,
    resources,
    labels,
    env,
    envPassthrough,
    python,
    headArgs,
    workerArgs,
    ports,
    scheduling,
    slots,
    startTimeout,
    tempDir,
    spillDir,
    dashboard,
    dashboardHost,
    dashboardPort,
    usageStats,
    logDir,
    auth,
    maxRestarts,
    drainTimeout
  )
}
