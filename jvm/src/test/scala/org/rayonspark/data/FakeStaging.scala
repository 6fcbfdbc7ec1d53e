package org.rayonspark.data

import org.apache.spark.rayonspark.SparkRpc
import org.rayonspark.ClusterStoppedException
import org.rayonspark.node.NodeDirs
import org.rayonspark.rpc.Transport
import org.rayonspark.rpc.StagingAddress

import java.io.IOException
import java.nio.file.{Files, Path, Paths}
import java.util.concurrent.ConcurrentHashMap
import scala.concurrent.Future
import scala.collection.JavaConverters._

/** Staging on the driver of a local session, without Ray. */
final class FakeStaging(limit: Long) extends Staging with AutoCloseable {
  val directory: Path = Files.createTempDirectory("rayonspark-staging")
  private val closers = ConcurrentHashMap.newKeySet[() => Unit]()

  @volatile private var node = 1
  @volatile private var running = true

  override val clusterId: String = directory.getFileName.toString
  override lazy val transport: Transport = SparkRpc.ofThisApplication()
  override val pool: StagingPool = new StagingPool(() => Map("driver" -> limit))

  override def locations: Vector[StagingLocation] =
    Vector(
      StagingLocation("driver", "127.0.0.1", "127.0.0.1", s"n$node", directory.toString, limit)
    )

  override def hostOf(executorId: String): Option[String] = Some("127.0.0.1")
  override def isAlive(executorId: String): Boolean = true

  override def discard(executorId: String, paths: Vector[String]): Future[Unit] =
    Future.successful(paths.foreach(p => NodeDirs.delete(Paths.get(p))))

  override def stagingAddress(executorId: String): Future[StagingAddress] =
    Future.failed(new IOException("no staging server in this test"))

  override def require(): Unit =
    if (!running) throw new ClusterStoppedException("The cluster is stopped. Start a new one.")

  override def whenEnding(close: () => Unit): AutoCloseable = {
    closers.add(close)
    () => { closers.remove(close); () }
  }

  /** The node dies with its files, and a new one starts next to the same executor. */
  def replaceNode(): Unit = {
    files.foreach(Files.delete)
    node += 1
  }

  def end(): Unit = {
    running = false
    closers.forEach(_())
  }

  def waiters: Int = closers.size

  def files: Vector[Path] = {
    val listed = Files.list(directory)
    try listed.iterator.asScala.toVector
    finally listed.close()
  }

  /** Bytes of the files that are there now. */
  def bytes: Long = files.map(f => if (Files.exists(f)) f.toFile.length else 0L).sum

  override def close(): Unit = NodeDirs.delete(directory)
}
