package org.rayonspark.rpc

import java.io.{
  ByteArrayInputStream,
  ByteArrayOutputStream,
  ObjectInputStream,
  ObjectOutputStream,
  ObjectStreamClass
}

/**
 * Encodes messages as bytes. Spark's RPC decodes objects with a class loader that does not know the
 * classes of a jar added by `--packages`, and would close the connection. So only bytes cross, and
 * each side decodes them with this class's loader. Anyone who reaches an unauthenticated RPC can
 * send bytes, so only the classes of messages are read.
 */
object Wire {
  def encode(message: Serializable): Array[Byte] = {
    val bytes = new ByteArrayOutputStream
    val out = new ObjectOutputStream(bytes)
    out.writeObject(message)
    out.close()
    bytes.toByteArray
  }

  def decode[T](bytes: Array[Byte]): T = {
    val in = new OwnClassesInput(new ByteArrayInputStream(bytes))
    in.setObjectInputFilter(new WireFilter(bytes.length))
    in.readObject().asInstanceOf[T]
  }

  private final class OwnClassesInput(bytes: ByteArrayInputStream)
      extends ObjectInputStream(bytes) {
    override def resolveClass(description: ObjectStreamClass): Class[_] =
      try Class.forName(description.getName, false, Wire.getClass.getClassLoader)
      catch { case _: ClassNotFoundException => super.resolveClass(description) }
  }
}
