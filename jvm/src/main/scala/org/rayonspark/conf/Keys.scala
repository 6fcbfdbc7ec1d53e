package org.rayonspark.conf

import scala.concurrent.duration.{DurationInt, FiniteDuration}

/** Every setting, in the order of the spec's fields. */
object Keys {
  val numNodes: Key[Option[Int]] = Key(
    "numNodes",
    KeyType.count(1).optional,
    None,
    "all executors",
    "Ray nodes that run tasks, one to an executor; the head, which runs beside the driver, is not " +
      "among them. With a local master the head is the only node."
  )

  val cpusPerNode: Key[Option[Int]] = Key(
    "cpusPerNode",
    KeyType.count(1).optional,
    None,
    "the executor's cores",
    "CPUs that a node offers to Ray; not more than its executor has cores."
  )

  val gpusPerNode: Key[Option[Double]] = Key(
    "gpusPerNode",
    KeyType.whole.optional,
    None,
    "all that Spark gave to the executor",
    "GPUs that a node offers to Ray, out of those that Spark gave to its executor " +
      "(`spark.executor.resource.gpu.amount`); CUDA_VISIBLE_DEVICES of the node are their " +
      "addresses. A node has whole GPUs; Ray tasks may ask for fractions of one. With dynamic " +
      "allocation they are those of one task (`spark.task.resource.gpu.amount`)."
  )

  val memory: Key[Option[Long]] = Key(
    "memory",
    KeyType.size.optional,
    None,
    "what the object store leaves of the node's share",
    "Memory for the heaps of Ray's workers on a node (`ray start --memory`); Ray schedules by it " +
      "and does not enforce it. The object store comes on top. A node's share is the executor's " +
      "limit without its JVM's heap and 384 MiB for the rest of the JVM, where the limit is the " +
      "container's or cgroup's, or the host's available memory divided by the nodes on it, " +
      "whichever is less. memory and objectStoreMemory together must fit into the share."
  )

  val objectStoreMemory: Key[Option[Long]] = Key(
    "objectStoreMemory",
    KeyType.size.and(ObjectStore.check).optional,
    None,
    "30% of the node's share, or its part of the free /dev/shm when that is less",
    "Memory for a node's object store, at least 75 MiB; the head has it too, or its own default " +
      "where it cannot hold as much. It must fit into the node's share, and into the free " +
      "/dev/shm divided by the nodes on the host. Where memory is given as well, it may not be " +
      "larger than memory: workers that cannot hold what the store holds are a slip; give " +
      "objectStoreMemory alone to make the store the larger part."
  )

  val stagingMemory: Key[Option[Long]] = Key(
    "stagingMemory",
    KeyType.size.optional,
    None,
    "a quarter of the object store",
    "Memory for a node's staging directory in /dev/shm: what is on its way between Spark and Ray " +
      "waits there, beside the object store, and never takes more."
  )

  val headCpus: Key[Option[Int]] = Key(
    "headCpus",
    KeyType.count(0).optional,
    None,
    "0; with a local master, the master's cores",
    "CPUs that the head offers to Ray. With 0, tasks and actors that ask for CPUs stay away from " +
      "the driver's machine."
  )

  val resources: Key[Map[String, Double]] = Key(
    "resources",
    KeyType.quantities.and(OwnedNames.checkResources),
    Map.empty,
    "none",
    "Custom resources of each node that runs tasks, in whole numbers: a JSON object, or " +
      "name=number pairs with commas between them."
  )

  val labels: Key[Map[String, String]] = Key(
    "labels",
    KeyType.map.and(LabelSyntax.check),
    Map.empty,
    "none",
    "Ray labels of each node that runs tasks: a JSON object, or name=value pairs with commas " +
      "between them. `rayonspark.org/executor-id` and `rayonspark.org/host` are always set, on the " +
      "head as well."
  )

  val env: Key[Map[String, String]] = Key(
    "env",
    KeyType.map
      .hidden("it must be a JSON object or name=value pairs")
      .and(OwnedNames.checkVariables),
    Map.empty,
    "none",
    "Environment variables of Ray's processes on every node: a JSON object, or name=value pairs " +
      "with commas between them. Nothing else of Spark's environment is inherited but what programs " +
      "need to run."
  )

  val python: Key[Option[String]] = Key(
    "python",
    KeyType.text.optional,
    None,
    "spark.pyspark.python, PYSPARK_PYTHON, python3",
    "Interpreter that runs Ray on every node. It needs the driver's Ray version and Python minor " +
      "version."
  )

  val headArgs: Key[Vector[String]] = Key(
    "headArgs",
    KeyType.list.and(OwnedNames.checkArguments),
    Vector.empty,
    "none",
    "More options of `ray start` for the head: a JSON array, or words with spaces between them. " +
      "What RayOnSpark sets itself is refused."
  )

  val workerArgs: Key[Vector[String]] = Key(
    "workerArgs",
    KeyType.list.and(OwnedNames.checkArguments),
    Vector.empty,
    "none",
    "The same for the other nodes."
  )

  val ports: Key[PortPolicy] = Key(
    "ports",
    KeyType("ports", "", KeyType.map.parse(_).flatMap(PortPolicy.parse)),
    PortPolicy.free,
    "free ports",
    "Ports to use, such as `gcs=6379,worker=10000-10999,range=20000-20999`. `range` is where the " +
      "ports without a number are taken from; `worker` is the range of Ray's worker processes, " +
      "shared out among the nodes of a host; the others are " +
      RayPort.all.map(port => s"`${port.key}`").mkString(", ") + "."
  )

  val scheduling: Key[Scheduling] = Key(
    "scheduling",
    KeyType.oneOf(Scheduling.all),
    Scheduling.Barrier,
    "barrier",
    "How Spark schedules the tasks that place the nodes: all at once, or as executors have room."
  )

  val tenure: Key[Tenure] = Key(
    "tenure",
    KeyType.oneOf(Tenure.all),
    Tenure.Shared,
    "shared",
    "Whether Spark may use an executor's cores while a node runs there (shared), or the node keeps " +
      "cpusPerNode of them for itself (reserved). With dynamic allocation it is always reserved: " +
      "an executor without tasks would be taken away, and its node with it."
  )

  val startTimeout: Key[FiniteDuration] = Key(
    "startTimeout",
    KeyType.duration,
    120.seconds,
    "120s",
    "How long a start may take, waiting for executors to register included."
  )

  val tempDir: Key[String] = Key(
    "tempDir",
    KeyType.path,
    "/tmp",
    "/tmp",
    "Where each node makes a directory of its own, removed with the node. Keep it short: the path " +
      "of a Unix socket below it may have 107 bytes."
  )

  val spillDir: Key[Option[String]] = Key(
    "spillDir",
    KeyType.path.optional,
    None,
    "the first of Spark's local directories on the executor",
    "Where a node makes a directory for objects that its store cannot hold, removed with the node."
  )

  val dashboard: Key[Boolean] = Key(
    "dashboard",
    KeyType.boolean,
    true,
    "true",
    "Whether the head runs Ray's dashboard, where it is installed; nobody waits for it."
  )

  val dashboardHost: Key[String] =
    Key("dashboardHost", KeyType.text, "127.0.0.1", "127.0.0.1", "Address that it binds.")

  val dashboardPort: Key[Option[Int]] = Key(
    "dashboardPort",
    KeyType.port.optional,
    None,
    "a free port",
    "Port of Ray's dashboard; the same as `dashboard` in ports, so only one may be given."
  )

  val logDir: Key[Option[String]] = Key(
    "logDir",
    KeyType.path.optional,
    None,
    "the executor's own log or work directory",
    "Where Ray's logs go when a node is gone, in a directory named for the node."
  )

  val auth: Key[Auth] = Key(
    "auth",
    KeyType.oneOf(Auth.all),
    Auth.Token,
    "token",
    "Whether Ray asks for a secret token, new for every cluster, or obeys everybody who reaches one " +
      "of its ports."
  )

  val maxRestarts: Key[Int] = Key(
    "maxRestarts",
    KeyType.count(0),
    3,
    "3",
    "How often a node that ended by itself is started again before the cluster fails."
  )

  val drainTimeout: Key[FiniteDuration] = Key(
    "drainTimeout",
    KeyType.durationOrNone,
    20.seconds,
    "20s",
    "How long a node may take to finish what runs on it when Spark or the cluster manager is about " +
      "to take its executor away: by SIGTERM (a drained Kubernetes node, a reclaimed spot " +
      "instance), or by Spark's decommissioning. It gets no more work then, and ends as soon as " +
      "nothing runs there and its object store is empty. 0 turns that off: the node ends at once. " +
      "Keep it 5 s below what the cluster manager waits before it kills (30 s on Kubernetes, " +
      "terminationGracePeriodSeconds), and below the 30 s that Spark waits (spark.shutdown.timeout). " +
      "An older Ray, which does not drain at SIGTERM, ends its nodes at once."
  )

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
    python,
    headArgs,
    workerArgs,
    ports,
    scheduling,
    tenure,
    startTimeout,
    tempDir,
    spillDir,
    dashboard,
    dashboardHost,
    dashboardPort,
    logDir,
    auth,
    maxRestarts,
    drainTimeout
  )
}
