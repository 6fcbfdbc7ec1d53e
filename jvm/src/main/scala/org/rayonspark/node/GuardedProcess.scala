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
 * A node under its guard. Its events come from one daemon thread, which ends with the guard.
 *
 * {{{
 *   this JVM ══stdin: orders════════► guard.py ──► ray_node.py (`ray start`) ──► GCS, raylet, workers
 *            ◄═stdout: events════════    ▲ holds the directory's lock, ends and removes all below it
 * }}}
 *
 * The pipe is a lease: when this JVM ends, however it ends, the guard reads its end and stops the
 * node.
 */
private[node] final class GuardedProcess(
    guard: Process,
    directory: Path,
    onEvent: NodeEvent => Unit
) extends NodeProcess
    with Logging {
  // After the grace a guard needs time to kill, to keep the logs and to remove the directory.
  private val stopLimit = 15.seconds

  // All guarded by `this`, as is the guard's stdin.
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

  /** A guard that hangs is killed; its end is then noticed like any other. */
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
      case e: IOException => logDebug(s"The guard of $directory is gone, as its exit will say", e)
    }

  private def read(): Unit = {
    val stdout = new BufferedReader(
      new InputStreamReader(guard.getInputStream, StandardCharsets.UTF_8)
    )
    val exit = Iterator
      .continually(nextLine(stdout))
      .takeWhile(_.isDefined)
      .flatMap(line => EventLine.read(line.get))
      .foldLeft(Option.empty[NodeEvent.Exited]) {
        case (_, last: NodeEvent.Exited) => Some(last)
        case (exit, event) =>
          tell(event)
          exit
      }
    // The last event is passed on only when the guard, too, has been reaped.
    val code = guard.waitFor()
    tell(exit.getOrElse(guardDied(code)))
    closeStdin()
  }

  private def nextLine(stdout: BufferedReader): Option[String] =
    try Option(stdout.readLine())
    catch { case _: IOException => None }

  private def tell(event: NodeEvent): Unit =
    try onEvent(event)
    catch { case NonFatal(e) => logError(s"Event $event of $directory was not handled", e) }

  private def closeStdin(): Unit =
    try guard.getOutputStream.close()
    catch { case _: IOException => () }

  /** The guard died without a last word: what it would have done is done here. */
  private def guardDied(code: Int): NodeEvent.Exited = {
    val tail = OutputTail.read(NodeGuard.output(directory)) ++
      OutputTail.read(NodeGuard.errors(directory))
    val (asked, remove) = synchronized((draining || stopped, launched.toVector.flatMap(_.remove)))
    val alive = Orphans.kill(directory)
    val survivors = if (alive.isEmpty) None else Some(s"Processes $alive ignored SIGKILL.")
    val troubles = (remove.map(Paths.get(_)) :+ directory).flatMap { path =>
      try {
        NodeDirs.delete(path)
        None
      } catch { case e: IOException => Some(s"Directory $path could not be removed: $e.") }
    }
    val words = s"The node's guard ended with code $code." +: (tail ++ survivors ++ troubles)
    NodeEvent.Exited(NodeExit(code, asked, words))
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
    catch { case e: IOException => new UnstartedProcess(e, directory, onEvent) }
}
