package org.rayonspark.conf

import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}

import java.util.TreeMap
import scala.collection.JavaConverters._

/** Reads and writes maps and lists of plain values as JSON, as Python and Java pass them. */
object FlatJson {
  private val mapper: ObjectMapper = new ObjectMapper

  /** Reads {"name": value, …}; returns each value as text. */
  def readMap(text: String): Either[String, Map[String, String]] =
    tree(text).filterOrElse(_.isObject, "it must be a JSON object").flatMap { node =>
      node.properties.asScala.foldLeft[Either[String, Map[String, String]]](Right(Map.empty)) {
        (soFar, entry) =>
          soFar.flatMap(map => plain(entry.getValue).map(value => map + (entry.getKey -> value)))
      }
    }

  /** Reads ["value", …]; returns each value as text. */
  def readList(text: String): Either[String, Vector[String]] =
    tree(text).filterOrElse(_.isArray, "it must be a JSON array").flatMap { node =>
      node.elements.asScala.foldLeft[Either[String, Vector[String]]](Right(Vector.empty)) {
        (soFar, element) => soFar.flatMap(list => plain(element).map(list :+ _))
      }
    }

  /** Writes a map of strings or numbers on one line, sorted by name. */
  def write(values: Map[String, _ <: Any]): String =
    mapper.writeValueAsString(new TreeMap[String, Any](values.asJava))

  def write(values: Seq[String]): String = mapper.writeValueAsString(values.asJava)

  private def tree(text: String): Either[String, JsonNode] =
    try Right(mapper.readTree(text))
    catch { case e: JsonProcessingException => Left(s"it is not JSON: ${e.getOriginalMessage}") }

  private def plain(node: JsonNode): Either[String, String] =
    if (node.isValueNode && !node.isNull) Right(node.asText)
    else Left(s"each of its values must be text or a number, but $node is not")
}
