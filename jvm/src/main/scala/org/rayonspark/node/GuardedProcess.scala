package org.rayonspark.node

import org.apache.spark.internal.Logging
import org.rayonspark.threads.Daemon

import java.io.{BufferedReader, IOException, InputStreamReader}
import java.nio.charset.StandardCharsets
import java.nio.file.{Path, Paths}
import java.util.concurrent.{CompletableFuture, TimeUnit}
import scala.concurrent.duration._
import scala.util.control.NonFatal

/**
 * A node process under its guard. One daemon thread reads its events, and ends with the guard.
 *
 * {{{
 *   this JVM ══stdin: commands════► guard.py ──► ray_node.py (`ray start`) ──► GCS, raylet, workers
 *            ◄═stdout: events══════    ▲ holds the directory's lock, ends every process below it,
 *                                        removes the directory
 * }}}
 *
 * The pipe is a lease: however this JVM ends, the guard reads the end of the pipe and stops the
 * node.
 */
private[node] final class GuardedProcess(
    guard: Process,
    directory: Path,
    onEvent: NodeEvent => Unit
) extends NodeProcess
    with Logging {
  // After the grace period, a guard needs time to kill, save the logs and remove the directory.
  private val stopLimit = 15.seconds

  // Guarded by `this`, as is the guard's stdin.
  private var draining = false
  private var stopped = false
  private var launched: Option[NodeLaunch] = None

  Daemon(s"rayonspark-node-${directory.getFileName}")(read()).start()

  override def launch(launch: NodeLaunch): Unit = synchronized {
    launched = Some(launch)
    write(EventLine.launch(launch))
  }

  override def drain(limit: FiniteDuration): Unit = synchronized {
    if (!draining && !stopped) {
      draining = true
      write(EventLine.drain(limit))
      killAfter(limit + stopLimit)
    }
  }

  override def stop(grace: FiniteDuration): Unit = synchronized {
    if (!stopped) {
      stopped = true
      write(EventLine.stop(grace))
      killAfter(grace + stopLimit)
    }
  }

  /** Kills a guard that hangs. The reading thread then notices its end like any other. */
  private def killAfter(limit: FiniteDuration): Unit =
    CompletableFuture
      .delayedExecutor(limit.toMillis, TimeUnit.MILLISECONDS)
      .execute { () => guard.destroyForcibly(); () }

  private def write(line: String): Unit =
    try {
      val stdin = guard.getOutputStream
      stdin.write((line + "\n").getBytes(StandardCharsets.UTF_8))
      stdin.flush()
    } catch {
      case e: IOException => logDebug(s"The guard of $directory has ended. Its exit follows.", e)
    }

  private def read(): Unit = {
    val exit =
      try events()
      catch {
        // No thread reads the guard's events any more, so only its death can still be reported.
        case e: Throwable =>
          logError(s"Could not read the events of $directory. Its node is killed.", e)
          guard.destroyForcibly()
          None
      }
    // Pass on the last event only after the guard itself has been reaped.
    val code = guard.waitFor()
    publish(exit.getOrElse(guardDied(code)))
    closeStdin()
  }

  private def events(): Option[NodeEvent.Exited] = {
    val stdout = new BufferedReader(
      new InputStreamReader(guard.getInputStream, StandardCharsets.UTF_8)
    )
    Iterator
      .continually(nextLine(stdout))
      .takeWhile(_.isDefined)
      .flatMap(line => EventLine.read(line.get))
      .foldLeft(Option.empty[NodeEvent.Exited]) {
        case (_, last: NodeEvent.Exited) => Some(last)
        case (exit, event) =>
          publish(event)
          exit
      }
  }

  private def nextLine(stdout: BufferedReader): Option[String] =
    try Option(stdout.readLine())
    catch { case _: IOException => None }

  private def publish(event: NodeEvent): Unit =
    try onEvent(event)
    catch { case NonFatal(e) => logError(s"Could not handle event $event of $directory", e) }

  private def closeStdin(): Unit =
    try guard.getOutputStream.close()
    catch { case _: IOException => () }

  /** Does what a guard that died without its last event would have done. */
  private def guardDied(code: Int): NodeEvent.Exited = {
    val tail = OutputTail.read(NodeGuard.output(directory)) ++
      OutputTail.read(NodeGuard.errors(directory))
    val (asked, remove) = synchronized((draining || stopped, launched.toVector.flatMap(_.remove)))
    val alive = Orphans.kill(directory)
    val survivors = if (alive.isEmpty) None else Some(s"Processes $alive ignored SIGKILL.")
    val problems = (remove.map(Paths.get(_)) :+ directory).flatMap { path =>
      try {
        NodeDirs.delete(path)
        None
      } catch { case e: IOException => Some(s"Could not remove directory $path: $e.") }
    }
    val lines = s"The node's guard ended with code $code." +: (tail ++ survivors ++ problems)
    NodeEvent.Exited(NodeExit(code, asked, lines))
  }
}

/** Starts every node under a guard. */
object GuardedProcess extends NodeProcessFactory {
  override def start(
      python: String,
      directory: Path,
      environment: Map[String, String],
      onEvent: NodeEvent => Unit
  ): NodeProcess =
    try new GuardedProcess(NodeGuard.start(python, directory, environment), directory, onEvent)
    catch { case e: IOException => new FailedProcess(e, directory, onEvent) }
}
