package org.rayonspark.data

import org.apache.spark.sql.rayonspark.ArrowEncoder
import org.apache.spark.sql.types._

/** Which Spark types have an image in Arrow that Ray reads. */
object ArrowTypes {

  /** Why the first column that cannot go cannot, if there is one. */
  def check(schema: StructType): Option[String] =
    if (schema.isEmpty)
      Some(
        "The DataFrame has no columns, and a Ray Dataset cannot count rows without any. Select at " +
          "least one column."
      )
    else twins(schema).orElse(first(schema.toVector)(f => check(f.name, f.dataType)))

  private def twins(schema: StructType): Option[String] =
    schema.names.diff(schema.names.distinct).headOption.map { name =>
      s"""The DataFrame has ${schema.names.count(_ == name)} columns named "$name", and a Ray """ +
        "Dataset knows columns by name. Rename them, or select one."
    }

  private def check(column: String, dataType: DataType): Option[String] = dataType match {
    case ArrayType(element, _) => check(s"$column.element", element)
    case MapType(key, value, _) =>
      check(s"$column.key", key).orElse(check(s"$column.value", value))
    case StructType(fields) if fields.map(_.name).distinct.length < fields.length =>
      Some(s"""Column "$column" is a struct with two fields of one name. Rename one of them.""")
    case StructType(fields) =>
      first(fields.toVector)(field => check(s"$column.${field.name}", field.dataType))
    case udt: UserDefinedType[_] =>
      val advice =
        if (vectors(udt.getClass.getSimpleName.stripSuffix("$"))) "Apply vector_to_array to it"
        else "Select its parts"
      refused(column, udt.getClass.getSimpleName.stripSuffix("$"), advice)
    case interval: YearMonthIntervalType =>
      refused(column, interval.typeName, "Cast it to an int of months")
    case BooleanType | ByteType | ShortType | IntegerType | LongType | FloatType | DoubleType |
        BinaryType | DateType | TimestampType | TimestampNTZType | NullType |
        CalendarIntervalType =>
      None
    case _: StringType | _: DecimalType | _: DayTimeIntervalType => None
    // By name: Spark 4.0 has no such class.
    case time if time.typeName.startsWith("time(") && ArrowEncoder.carries(time) => None
    case other => refused(column, other.typeName, "Cast it to a string or a struct")
  }

  /** The types of Spark's machine learning, which it has in a jar of its own. */
  private val vectors = Set("VectorUDT")

  private def first[A](all: Vector[A])(problem: A => Option[String]): Option[String] =
    all.iterator.map(problem).collectFirst { case Some(why) => why }

  private def refused(column: String, name: String, advice: String): Option[String] = Some(
    s"""Column "$column" has type $name, which has no image in Arrow that Ray reads. $advice, """ +
      "or leave the column out."
  )
}
