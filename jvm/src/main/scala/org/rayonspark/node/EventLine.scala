package org.rayonspark.node

import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import org.apache.spark.internal.Logging

import scala.concurrent.duration.FiniteDuration
import scala.collection.JavaConverters._

/** Reads and writes the lines on the guard's pipes. Each line is one JSON object. */
private[node] object EventLine extends Logging {
  private val json = new ObjectMapper()

  // Enough to recognize the line.
  private val quotedChars = 200

  /**
   * Parses a line that the guard wrote. Returns None for a line that is not an event: the guard
   * writes only events, so this is a stray print. Also returns None, with a warning, for an event
   * that lacks a field or has a field of the wrong type.
   */
  def read(line: String): Option[NodeEvent] =
    try Option(json.readTree(line)).filter(_.isObject).flatMap(event)
    catch { case _: JsonProcessingException => None }

  private def event(line: JsonNode): Option[NodeEvent] = line.path("event").asText match {
    case "hello" => warnIfNone(line)(hello(line))
    case "node" => warnIfNone(line)(nodeSeen(line))
    case "exit" => warnIfNone(line)(exited(line))
    case _ => None
  }

  private def hello(line: JsonNode): Option[NodeEvent] =
    for {
      pid <- field(line, "pid")(_.isIntegralNumber)
      python <- field(line, "python")(_.isTextual)
      ray <- field(line, "ray")(ray => ray.isTextual || ray.isNull)
      dashboard <- field(line, "dashboard")(_.isBoolean)
    } yield NodeEvent.Hello(
      pid.asLong,
      python.asText,
      Option.unless(ray.isNull)(ray.asText),
      dashboard.asBoolean
    )

  private def nodeSeen(line: JsonNode): Option[NodeEvent] =
    for {
      name <- field(line, "name")(_.isTextual)
      id <- field(line, "id")(_.isTextual)
      alive <- field(line, "alive")(_.isBoolean)
    } yield NodeEvent.NodeSeen(name.asText, id.asText, alive.asBoolean)

  private def exited(line: JsonNode): Option[NodeEvent] =
    for {
      code <- field(line, "code")(_.isInt)
      asked <- field(line, "asked")(_.isBoolean)
      tail <- field(line, "tail")(_.isArray)
    } yield NodeEvent.Exited(
      NodeExit(code.asInt, asked.asBoolean, tail.elements.asScala.map(_.asText).toVector)
    )

  private def field(line: JsonNode, name: String)(isValid: JsonNode => Boolean): Option[JsonNode] =
    Option(line.get(name)).filter(isValid)

  private def warnIfNone(line: JsonNode)(event: Option[NodeEvent]): Option[NodeEvent] = {
    if (event.isEmpty)
      logWarning(
        "Ignored a malformed event from a node's guard: " + line.toString.take(quotedChars)
      )
    event
  }

  def launch(launch: NodeLaunch): String = {
    val line = json.createObjectNode()
    val fields = line.putObject("launch")
    val arguments = fields.putArray("arguments")
    launch.command.arguments.foreach(arguments.add)
    val environment = fields.putObject("environment")
    launch.command.environment.foreach { case (name, value) => environment.put(name, value) }
    fields.put("nodes", launch.nodes)
    fields.put("client_server", launch.clientServer)
    launch.watchGcs.fold(fields.putNull("watch_gcs"))(fields.put("watch_gcs", _))
    fields.put("log_directory", launch.logDirectory)
    fields.put("log_prefix", launch.logPrefix)
    val remove = fields.putArray("remove")
    launch.remove.foreach(remove.add)
    json.writeValueAsString(line)
  }

  def drain(limit: FiniteDuration): String = {
    val line = json.createObjectNode()
    line.putObject("drain").put("timeout_s", limit.toMillis / 1000.0)
    json.writeValueAsString(line)
  }

  def stop(grace: FiniteDuration): String = {
    val line = json.createObjectNode()
    line.putObject("stop").put("grace_s", grace.toMillis / 1000.0)
    json.writeValueAsString(line)
  }
}
