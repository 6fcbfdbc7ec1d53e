package org.rayonspark.data

import org.apache.spark.sql.rayonspark.ArrowEncoder
import org.apache.spark.sql.types._

/** Checks which Spark types have an Arrow equivalent that Ray reads. */
object ArrowTypes {

  /** Returns why the DataFrame cannot be moved, for the first column that prevents it, if any. */
  def check(schema: StructType): Option[String] =
    if (schema.isEmpty)
      Some(
        "The DataFrame has no columns, and a Ray Dataset cannot count rows without any. Select " +
          "at least one column."
      )
    else duplicates(schema).orElse(firstProblem(schema.toVector)(f => check(f.name, f.dataType)))

  private def duplicates(schema: StructType): Option[String] =
    schema.names.diff(schema.names.distinct).headOption.map { name =>
      s"""The DataFrame has ${schema.names.count(_ == name)} columns named "$name", and a Ray """ +
        "Dataset identifies columns by name. Rename them, or select one."
    }

  private def check(column: String, dataType: DataType): Option[String] = dataType match {
    case ArrayType(element, _) => check(s"$column.element", element)
    case MapType(key, value, _) =>
      check(s"$column.key", key).orElse(check(s"$column.value", value))
    case StructType(fields) if fields.map(_.name).distinct.length < fields.length =>
      Some(
        s"""Column "$column" is a struct with two fields of the same name. Rename one of them."""
      )
    case StructType(fields) =>
      firstProblem(fields.toVector)(field => check(s"$column.${field.name}", field.dataType))
    case udt: UserDefinedType[_] =>
      val advice =
        if (vectors(udt.getClass.getSimpleName.stripSuffix("$"))) "Apply vector_to_array to it"
        else "Select its parts"
      unsupported(column, udt.getClass.getSimpleName.stripSuffix("$"), advice)
    case interval: YearMonthIntervalType =>
      unsupported(column, interval.typeName, "Cast it to an int of months")
    case BooleanType | ByteType | ShortType | IntegerType | LongType | FloatType | DoubleType |
        BinaryType | DateType | TimestampType | TimestampNTZType | NullType =>
      None
    // Spark 3.5 has no Arrow type for it.
    case CalendarIntervalType if ArrowEncoder.supports(dataType) => None
    case _: StringType | _: DecimalType | _: DayTimeIntervalType => None
    // Matched by name, because Spark 4.0 has no such class.
    case time if time.typeName.startsWith("time(") && ArrowEncoder.supports(time) => None
    case other => unsupported(column, other.typeName, "Cast it to a string or a struct")
  }

  /** Spark ML's vector types, by name because Spark ML is a separate jar. */
  private val vectors = Set("VectorUDT")

  private def firstProblem[A](all: Vector[A])(problem: A => Option[String]): Option[String] =
    all.iterator.map(problem).collectFirst { case Some(why) => why }

  private def unsupported(column: String, name: String, advice: String): Option[String] = Some(
    s"""Column "$column" has type $name, which has no Arrow equivalent that Ray reads. """ +
      s"$advice, or leave the column out."
  )
}
