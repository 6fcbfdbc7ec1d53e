package org.rayonspark.conf

import scala.util.matching.Regex

/**
 * Which ports Ray's nodes may use.
 *
 * @param pins
 *   ports with a fixed number, which is the same on every node that has the port
 * @param range
 *   range for all other ports; None means that RayOnSpark chooses free ports
 * @param workers
 *   range for Ray's worker processes; None lets the system choose the ports
 */
final case class PortPolicy(
    pins: Map[RayPort, Int],
    range: Option[Range],
    workers: Option[Range]
) {

  /** The ports of the head, or of another node. */
  def portsOf(head: Boolean): Vector[RayPort] =
    RayPort.all.filter(p => (head || !p.headOnly) && (!p.onRequest || pins.contains(p)))
}

object PortPolicy {

  /** Any free ports. */
  val free: PortPolicy = PortPolicy(Map.empty, None, None)

  private val rangeName: String = "range"
  private val workersName: String = "worker"
  private val names: Vector[String] = RayPort.all.map(_.key) ++ Vector(workersName, rangeName)
  private val number: Regex = """(\d{1,5})""".r
  private val span: Regex = """(\d{1,5})-(\d{1,5})""".r
  // `ray start` rejects lower ports for its workers.
  private val lowestWorkerPort: Int = 1024

  /** Parses names with a port or a range: gcs → 6379, worker → 10000-10100, range → 20000-20999. */
  def parse(entries: Map[String, String]): Either[String, PortPolicy] =
    entries.toVector.sorted
      .foldLeft[Either[String, PortPolicy]](Right(free)) { case (policy, (name, value)) =>
        policy.flatMap(add(_, name, value.trim))
      }
      .flatMap(checked)

  private def add(policy: PortPolicy, name: String, value: String): Either[String, PortPolicy] =
    name match {
      case `rangeName` => readRange(name, value).map(r => policy.copy(range = Some(r)))
      case `workersName` => readRange(name, value).map(r => policy.copy(workers = Some(r)))
      case _ =>
        RayPort.all.find(_.key == name) match {
          case Some(port) =>
            readPort(name, value).map(n => policy.copy(pins = policy.pins + (port -> n)))
          case None =>
            val known = names.mkString(", ")
            val hint = DidYouMean.question(name, names)
            Left(s"""there is no port "$name"; the ports are $known.$hint""".stripSuffix("."))
        }
    }

  private def readPort(name: String, value: String): Either[String, Int] = value match {
    case number(port) if isPort(port.toInt) => Right(port.toInt)
    case _ => Left(s"""$name must be a port from 1 to 65535, but "$value" is not""")
  }

  private def readRange(name: String, value: String): Either[String, Range] = value match {
    case span(first, last)
        if isPort(first.toInt) && isPort(last.toInt) && first.toInt < last.toInt =>
      Right(first.toInt to last.toInt)
    case _ =>
      Left(s"""$name must be a range of ports such as "20000-20999", but "$value" is not""")
  }

  private def isPort(port: Int): Boolean = 1 <= port && port <= 65535

  /** Rejects policies that no host can satisfy, such as two listeners on one port. */
  private[rayonspark] def checked(policy: PortPolicy): Either[String, PortPolicy] = {
    val twice = policy.pins.groupBy(_._2).collectFirst {
      case (port, pins) if pins.size > 1 =>
        val owners = pins.keys.map(_.key).toVector.sorted.mkString(" and ")
        s"port $port is given to $owners"
    }
    val shared = policy.workers.flatMap { workers =>
      policy.pins.collectFirst {
        case (port, pin) if workers.contains(pin) =>
          s"port $pin of ${port.key} lies in the range of the worker processes"
      }
    }
    val overlap =
      for (range <- policy.range; workers <- policy.workers if meet(range, workers))
        yield s"range ${show(range)} and worker ${show(workers)} overlap"
    val low = policy.workers.filter(_.head < lowestWorkerPort).map { workers =>
      s"worker must begin at $lowestWorkerPort or above, but ${show(workers)} does not"
    }
    twice.orElse(shared).orElse(overlap).orElse(low).toLeft(policy)
  }

  private def meet(a: Range, b: Range): Boolean = a.head <= b.last && b.head <= a.last

  private def show(range: Range): String = s"${range.head}-${range.last}"
}
