package org.rayonspark.rpc

import java.io.ObjectInputFilter
import java.io.ObjectInputFilter.Status.{ALLOWED, REJECTED, UNDECIDED}
import scala.annotation.tailrec

/**
 * Allows only the classes that a message can contain. Java's serialization creates any object that
 * the bytes name, and some classes on Spark's class path do harm merely by being read.
 *
 * @param bytes
 *   size of the whole message. No array in it can be longer, and it cannot have more objects
 */
private[rpc] final class WireFilter(bytes: Int) extends ObjectInputFilter {
  import WireFilter._

  override def checkInput(info: ObjectInputFilter.FilterInfo): ObjectInputFilter.Status =
    if (info.depth > maxDepth || info.references > bytes || info.arrayLength > bytes) REJECTED
    else if (info.serialClass == null) UNDECIDED
    else if (isKnown(elementOf(info.serialClass))) ALLOWED
    else REJECTED
}

private object WireFilter {

  // A plan in a launch message is nested less than 20 deep.
  private val maxDepth = 64L

  private val ownPackages =
    Vector("conf", "data", "node", "plan", "rpc", "remote").map(name => s"org.rayonspark.$name.")

  // A map or a vector is written as a proxy that names its factory.
  private val collections = "scala.collection.immutable."
  private val factories =
    """scala\.collection\.(generic\.(DefaultSerializationProxy|SerializeEnd\$)|\w+Factory\$ToFactory)""".r
  // These contain code that runs when they are read.
  private val lazyCollections = Vector("LazyList", "Stream").map(collections + _)

  private val values = """scala\.(Some|None\$|Option|Tuple\d+|util\.(Left|Right|Either))""".r
  private val durations = "scala.concurrent.duration."
  private val named = Set(
    "scala.runtime.ModuleSerializationProxy",
    "java.util.concurrent.TimeUnit"
  ) ++ Vector("Boolean", "Byte", "Character", "Class", "Double", "Enum", "Float", "Integer", "Long")
    .++(Vector("Number", "Object", "Short", "String"))
    .map(simple => s"java.lang.$simple")

  private def isKnown(read: Class[_]): Boolean = {
    val name = read.getName
    read.isPrimitive || named(name) || ownPackages.exists(name.startsWith) ||
    name.startsWith(durations) || factories.matches(name) || values.matches(name) ||
    name.startsWith(collections) && !lazyCollections.exists(name.startsWith)
  }

  @tailrec
  private def elementOf(read: Class[_]): Class[_] =
    if (read.isArray) elementOf(read.getComponentType) else read
}
