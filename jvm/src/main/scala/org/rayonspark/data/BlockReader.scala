package org.rayonspark.data

/** A kind of reader of a staged block. */
private[data] sealed trait BlockReader

private[data] object BlockReader {

  /** The load that builds the Dataset; the export is finished when it has every block. */
  case object Load extends BlockReader

  /** A Ray task that runs again because its node was lost; the export does not wait for it. */
  case object Retry extends BlockReader

  val all: Vector[BlockReader] = Vector(Load, Retry)
}
