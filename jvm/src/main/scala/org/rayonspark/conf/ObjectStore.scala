package org.rayonspark.conf

/** Ray's limits for the object store. */
object ObjectStore {

  /** Ray does not start with fewer bytes (`OBJECT_STORE_MINIMUM_MEMORY_BYTES`). */
  val minimum: Long = 75L * 1024 * 1024

  def check(size: Long): Either[String, Long] =
    Either.cond(
      size >= minimum,
      size,
      s"Ray's object store needs at least ${ByteSize.format(minimum)}"
    )
}
