/**
 * Ray inside Spark: a Ray cluster on the executors of one Spark application.
 *
 * <p>Users start at {@code RayCluster}; Python enters at {@code PythonApi} and gets the same
 * objects as handles. Everything else serves one of three flows. A name on an arrow is a message or
 * a method; ID is the cluster's id. {@code docs/glossary.md} explains the words.
 *
 * <h2>Start of a cluster</h2>
 *
 * <pre>
 *   RayCluster.start ──► NewCluster: spec + SparkConf = ClusterState ──► ClusterRuntime
 *
 *   RayClusterListener (Spark's events), DriverEndpoint (messages of the agents), timers
 *       │ ClusterEvent                             ▲ Prepare, Launch, Ready, Drain, Stop
 *       ▼                                          │
 *   ClusterEventLoop: Supervisor.step(state, event) = (state, actions) ──► ClusterRuntime
 *                                                                              │ PlaceNodes
 *   NodeAgent of each executor ◄── NodeTask ◄── Spark job ◄── RayClusterJob ◄──┘
 *   NodeAgent of the head, in the driver ◄── ClusterRuntime
 *
 *   driver                                       NodeAgent                   guard.py
 *     ◄───Register──────────────────────────────────
 *     ────Prepare(LaunchContext)───────────────────►  HeldPorts, directory ──► ray_node.py
 *     ◄───ResourceOffered(ResourceOffer)────────────  ◄──────────hello────────
 *     Reachability.check: connects to a held port
 *     Planner.plan(head, workers) = ClusterPlan
 *     ────Launch(NodePlan)─────────────────────────►  ports released ──launch──► ray start
 *     ◄───NodeReport(NodeSeen)──────────────────────  ◄──────────node───────── (GCS, head only)
 *     ────Ready────────────────────────────────────►  NodeTask returns
 * </pre>
 *
 * <p>Workers are prepared when the head has offered its GCS address, and launched when GCS lists
 * the head as alive. The cluster is {@code RUNNING} when GCS lists all nodes. Under
 * {@code local[n]}, the head is the only node, and no Spark job places nodes.
 *
 * <h2>DataFrame to Dataset</h2>
 *
 * <pre>
 *   RayCluster.toArrow ──► ArrowExport ──Spark job──► ExportTask, one for each partition
 *
 *   ExportTask                      driver                             BlockLoader (Python)
 *     ──Begin, Reserve───────────────►  ExportEndpoint, StagingPool
 *     ◄──Granted──────────────────────  when there is room
 *     ArrowEncoder: a file in staging
 *     ──Written──────────────────────►  ExportTracker ──next──────────►  Ray task on that node
 *                                       ArrowExport ◄──release─────────  object store has the block
 *     NodeAgent deletes the file ◄─────Discard
 * </pre>
 *
 * <p>A block whose file is lost is encoded again, in another Spark job of the same export.
 *
 * <h2>Dataset to DataFrame</h2>
 *
 * <pre>
 *   FrameServer (Python) ──blocks──► RayCluster.fromArrow ──► ArrowImport ──► RayTable, DataFrame
 *
 *   RayReader (executor)            driver                             FrameServer (Python)
 *     ──Fetch────────────────────────►  ImportEndpoint, StagingPool
 *                                       ImportQueue ──next────────────►  Ray task writes a file
 *     ◄──At───────────────────────────  ArrowImport ◄──staged──────────  into the node's staging
 *     ArrowDecoder: Spark's columns
 *     ──Done─────────────────────────►  the file may be evicted
 * </pre>
 *
 * <p>When no plan refers to the table any more, {@code ArrowImport} deletes the files, and Python
 * releases the Dataset's blocks.
 *
 * <h2>Threads</h2>
 *
 * <pre>
 *   rayonspark-ID                     ClusterEventLoop: supervisor and actions; must not block
 *   rayonspark-ID-place, -reserve-*   each waits for one job of RayClusterJob
 *   rayonspark-ID-probe               connects to held ports
 *   rayonspark-ID-export-*            the Spark jobs of one ArrowExport
 *   rayonspark-agent-*                one NodeAgent
 *   rayonspark-node-*                 reads the events of one guard
 *   Spark's RPC                       the endpoints: they post to the loop or the agent, or change
 *                                     a tracker under its lock; must not block
 *   Spark's tasks                     NodeTask, ExportTask, RayReader
 * </pre>
 *
 * <p>{@code conf}, {@code plan} and the supervisor are pure: tests drive them without a thread.
 */
package org.rayonspark;
