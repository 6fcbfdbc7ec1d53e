package org.apache.spark.sql.rayonspark

import org.apache.arrow.vector._

/** Chooses the writer for a vector. */
private[rayonspark] object ColumnWriters {

  def of(vector: FieldVector, nullable: Boolean): ColumnWriter = vector match {
    case v: TinyIntVector => new FixedColumn.Bytes(v, nullable)
    case v: SmallIntVector => new FixedColumn.Shorts(v, nullable)
    case v: IntVector => new FixedColumn.Ints(v, nullable)
    case v: DateDayVector => new FixedColumn.Ints(v, nullable)
    case v: BigIntVector => new FixedColumn.Longs(v, nullable)
    case v: TimeStampMicroTZVector => new FixedColumn.Longs(v, nullable)
    case v: TimeStampMicroVector => new FixedColumn.Longs(v, nullable)
    case v: TimeNanoVector => new FixedColumn.Longs(v, nullable)
    case v: DurationVector => new FixedColumn.Longs(v, nullable)
    case v: Float4Vector => new FixedColumn.Floats(v, nullable)
    case v: Float8Vector => new FixedColumn.Doubles(v, nullable)
    case v: BitVector => new BitColumn(v, nullable)
    case v: DecimalVector => new DecimalColumn(v, nullable)
    case v: VarCharVector => new BytesColumn(v, nullable)
    case v: VarBinaryVector => new BytesColumn(v, nullable)
    case v => new NestedColumn(v)
  }
}
