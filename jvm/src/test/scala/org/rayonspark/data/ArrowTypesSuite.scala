package org.rayonspark.data

import org.apache.spark.sql.types._
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import scala.util.Try

final class ArrowTypesSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private def problem(ddl: String): Option[String] = ArrowTypes.check(StructType.fromDDL(ddl))

  test("no columns are an error that says so") {
    assert(
      ArrowTypes
        .check(new StructType)
        .contains(
          "The DataFrame has no columns, and a Ray Dataset cannot count rows without any. Select at " +
            "least one column."
        )
    )
  }

  test("all that Ray reads may go, also deep inside") {
    val flat = "a boolean, b tinyint, c smallint, d int, e bigint, f float, g double, " +
      "h decimal(38,18), i string, j binary, k date, l timestamp, m timestamp_ntz, n void, " +
      "o interval day to second, p interval"
    assert(problem(flat).isEmpty)
    val deep = ArrayType(MapType(StringType, StructType.fromDDL(flat)))
    assert(ArrowTypes.check(new StructType().add("größe", deep)).isEmpty)
  }

  test("times of the day may go where the Spark that runs has them") {
    // Spark 4.0 has no such type, and does not parse its name.
    val time = Try(StructType.fromDDL("t time(3), deep array<time(6)>"))
    assert(time.isSuccess == Try(Class.forName("org.apache.spark.sql.types.TimeType")).isSuccess)
    time.foreach(schema => assert(ArrowTypes.check(schema).isEmpty))
  }

  test("two columns of one name are an error that names it") {
    assert(
      problem("a int, b int, a string").contains(
        "The DataFrame has 2 columns named \"a\", and a Ray Dataset knows columns by name. " +
          "Rename them, or select one."
      )
    )
    assert(problem("a int, A int").isEmpty)
    assert(
      problem("a array<struct<b: int, b: int>>").contains(
        "Column \"a.element\" is a struct with two fields of one name. Rename one of them."
      )
    )
  }

  test("what has no image is named with its type, and what to do") {
    val cases = Table(
      ("ddl", "beginning"),
      (
        "ok int, months interval year to month",
        "Column \"months\" has type interval year to month, which has no image in Arrow that Ray " +
          "reads. Cast it to an int of months, or leave the column out."
      ),
      (
        "m map<string, struct<deep: variant>>",
        "Column \"m.value.deep\" has type variant, which has no image in Arrow that Ray reads. " +
          "Cast it to a string or a struct, or leave the column out."
      )
    )
    forAll(cases)((ddl, text) => assert(problem(ddl).contains(text)))
  }

  test("a vector of Spark's machine learning is told what makes an array of it") {
    val schema = new StructType().add("features", new VectorUDT)
    assert(
      ArrowTypes
        .check(schema)
        .contains(
          "Column \"features\" has type VectorUDT, which has no image in Arrow that Ray reads. Apply " +
            "vector_to_array to it, or leave the column out."
        )
    )
  }
}

/** As Spark's machine learning has it, in a jar that is not here. */
final class VectorUDT extends UserDefinedType[Array[Double]] {
  override def sqlType: DataType = ArrayType(DoubleType, containsNull = false)
  override def serialize(values: Array[Double]): Any = values
  override def deserialize(stored: Any): Array[Double] = stored.asInstanceOf[Array[Double]]
  override def userClass: Class[Array[Double]] = classOf[Array[Double]]
}
