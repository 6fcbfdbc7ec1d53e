package org.rayonspark.node

import org.rayonspark.plan.MemoryOffer

import java.io.IOException
import java.lang.management.ManagementFactory
import java.nio.file.{Files, Paths}
import javax.management.ObjectName

/** Measures the memory of this process and its host, anew at each call. All values are in bytes. */
object HostResources {
  private val system = new ObjectName(ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME)
  private val freeMemory = "FreePhysicalMemorySize"
  private val meminfo = Paths.get("/proc/meminfo")
  private val shm = Paths.get("/dev/shm")
  private val line = """(\w+):\s+(\d+) kB""".r

  /**
   * @param container
   *   the container's limit, if the cluster manager enforces it without a control group
   */
  def memory(container: Option[Long]): MemoryOffer = MemoryOffer(
    limit = (CgroupMemory.limit() ++ container).minOption,
    available = available(),
    heap = Runtime.getRuntime.maxMemory
  )

  /** Returns the free bytes of /dev/shm; None if the host has none. */
  def sharedMemory(): Option[Long] =
    try if (Files.isDirectory(shm)) Some(Files.getFileStore(shm).getUsableSpace) else None
    catch { case _: IOException => None }

  private def available(): Long = {
    val fromKernel =
      try if (Files.isReadable(meminfo)) parseAvailable(Files.readString(meminfo)) else None
      catch { case _: IOException => None }
    fromKernel.getOrElse(freePhysicalMemory())
  }

  /** Parses MemAvailable of /proc/meminfo, which includes reclaimable caches. */
  private[node] def parseAvailable(text: String): Option[Long] =
    text.linesIterator.collectFirst { case line("MemAvailable", kib) => kib.toLong * 1024 }

  /** Free memory on systems without /proc, which have no better number. */
  private def freePhysicalMemory(): Long =
    ManagementFactory.getPlatformMBeanServer.getAttribute(system, freeMemory) match {
      case bytes: java.lang.Long => bytes
      case _ => Runtime.getRuntime.maxMemory
    }
}
