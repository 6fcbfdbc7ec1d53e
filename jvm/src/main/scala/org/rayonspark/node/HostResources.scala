package org.rayonspark.node

import org.rayonspark.plan.MemoryOffer

import java.io.IOException
import java.lang.management.ManagementFactory
import java.nio.file.{Files, Paths}

/** What this process and its host have, read anew at each call. Bytes. */
object HostResources {
  private val meminfo = Paths.get("/proc/meminfo")
  private val shm = Paths.get("/dev/shm")
  private val line = """(\w+):\s+(\d+) kB""".r

  /**
   * @param container
   *   the limit of the container, where it is more than a control group
   */
  def memory(container: Option[Long]): MemoryOffer = MemoryOffer(
    limit = (CgroupMemory.limit() ++ container).minOption,
    available = available(),
    heap = Runtime.getRuntime.maxMemory
  )

  /** Free bytes of /dev/shm; None where there is none. */
  def sharedMemory(): Option[Long] =
    try if (Files.isDirectory(shm)) Some(Files.getFileStore(shm).getUsableSpace) else None
    catch { case _: IOException => None }

  private def available(): Long = {
    val told =
      try if (Files.isReadable(meminfo)) parseAvailable(Files.readString(meminfo)) else None
      catch { case _: IOException => None }
    told.getOrElse(freeOfSystem())
  }

  /** MemAvailable of /proc/meminfo, which counts the caches that would be given back. */
  private[node] def parseAvailable(text: String): Option[Long] =
    text.linesIterator.collectFirst { case line("MemAvailable", kib) => kib.toLong * 1024 }

  /** For systems without /proc, which have no better number. */
  private def freeOfSystem(): Long = ManagementFactory.getOperatingSystemMXBean match {
    case system: com.sun.management.OperatingSystemMXBean => system.getFreeMemorySize
    case _ => Runtime.getRuntime.maxMemory
  }
}
