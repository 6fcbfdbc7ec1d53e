package org.rayonspark.data

import org.apache.spark.sql.types._
import org.rayonspark.InvalidSpecException

/** Which Spark types have an image in Arrow that Ray reads. */
object ArrowTypes {

  /** Fails for the first column that cannot go. */
  def check(schema: StructType): Unit = {
    if (schema.isEmpty)
      throw new InvalidSpecException(
        "The DataFrame has no columns, and a Ray Dataset cannot count rows without any. Select at " +
          "least one column."
      )
    schema.groupBy(_.name).find(_._2.size > 1).foreach { case (name, twins) =>
      throw new InvalidSpecException(
        s"""The DataFrame has ${twins.size} columns named "$name", and a Ray Dataset knows columns """ +
          "by name. Rename them, or select one."
      )
    }
    schema.foreach(field => check(field.name, field.dataType))
  }

  private def check(column: String, dataType: DataType): Unit = dataType match {
    case ArrayType(element, _) => check(s"$column.element", element)
    case MapType(key, value, _) =>
      check(s"$column.key", key)
      check(s"$column.value", value)
    case StructType(fields) =>
      if (fields.map(_.name).distinct.length < fields.length)
        throw new InvalidSpecException(
          s"""Column "$column" is a struct with two fields of one name. Rename them."""
        )
      fields.foreach(field => check(s"$column.${field.name}", field.dataType))
    case udt: UserDefinedType[_] =>
      refuse(column, udt.typeName, "Turn it into an array first, such as with vector_to_array")
    case interval: YearMonthIntervalType =>
      refuse(column, interval.typeName, "Cast it to an int of months")
    case calendar: CalendarIntervalType =>
      refuse(column, calendar.typeName, "Split it into months, days and microseconds")
    case BooleanType | ByteType | ShortType | IntegerType | LongType | FloatType | DoubleType |
        BinaryType | DateType | TimestampType | TimestampNTZType | NullType =>
      ()
    case _: StringType | _: DecimalType | _: DayTimeIntervalType => ()
    case other => refuse(column, other.typeName, "Cast it to a string or a struct")
  }

  private def refuse(column: String, name: String, advice: String): Unit =
    throw new InvalidSpecException(
      s"""Column "$column" has type $name, which has no image in Arrow that Ray reads. $advice, """ +
        "or leave the column out."
    )
}
