package org.rayonspark.rendezvous

import java.io.{
  ByteArrayInputStream,
  ByteArrayOutputStream,
  ObjectInputStream,
  ObjectOutputStream,
  ObjectStreamClass
}

/**
 * Our messages as bytes. Spark's RPC decodes with a class loader that does not know the classes of
 * a jar that came by `--packages`: it would close the connection. So only bytes cross, and each
 * side decodes them with the loader of this class. They are as trusted as the RPC that carries
 * them.
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
    in.readObject().asInstanceOf[T]
  }

  private final class OwnClassesInput(bytes: ByteArrayInputStream)
      extends ObjectInputStream(bytes) {
    override def resolveClass(description: ObjectStreamClass): Class[_] =
      try Class.forName(description.getName, false, Wire.getClass.getClassLoader)
      catch { case _: ClassNotFoundException => super.resolveClass(description) }
  }
}
