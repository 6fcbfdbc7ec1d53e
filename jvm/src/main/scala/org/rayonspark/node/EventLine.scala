package org.rayonspark.node

import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}

import scala.concurrent.duration.FiniteDuration
import scala.jdk.CollectionConverters._

/** The lines that cross the guard's pipes: one JSON object each. */
private[node] object EventLine {
  private val json = new ObjectMapper()

  /** None for a line that is no event: a guard of this jar writes none, so it is a stray print. */
  def read(line: String): Option[NodeEvent] =
    try Option(json.readTree(line)).filter(_.isObject).flatMap(event)
    catch { case _: JsonProcessingException => None }

  private def event(line: JsonNode): Option[NodeEvent] = line.path("event").asText match {
    case "hello" =>
      val ray = Option(line.get("ray")).filterNot(_.isNull).map(_.asText)
      Some(NodeEvent.Hello(line.get("pid").asLong, line.get("python").asText, ray))
    case "node" =>
      Some(
        NodeEvent.NodeSeen(
          line.get("name").asText,
          line.get("id").asText,
          line.get("alive").asBoolean
        )
      )
    case "exit" =>
      val tail = line.get("tail").elements.asScala.map(_.asText).toVector
      Some(
        NodeEvent.Exited(NodeExit(line.get("code").asInt, line.get("asked").asBoolean, tail))
      )
    case _ => None
  }

  def launch(launch: NodeLaunch): String = {
    val line = json.createObjectNode()
    val order = line.putObject("launch")
    val arguments = order.putArray("arguments")
    launch.command.arguments.foreach(arguments.add)
    val environment = order.putObject("environment")
    launch.command.environment.foreach { case (name, value) => environment.put(name, value) }
    order.put("nodes", launch.nodes)
    launch.watchGcs.fold(order.putNull("watch_gcs"))(order.put("watch_gcs", _))
    order.put("log_directory", launch.logDirectory)
    order.put("log_prefix", launch.logPrefix)
    val remove = order.putArray("remove")
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
