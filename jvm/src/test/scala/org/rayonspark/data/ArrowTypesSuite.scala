package org.rayonspark.data

import org.apache.spark.sql.types._
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.prop.TableDrivenPropertyChecks

import scala.util.Try

final class ArrowTypesSuite extends AnyFunSuite with TableDrivenPropertyChecks {
  private def problem(ddl: String): Option[String] = ArrowTypes.check(StructType.fromDDL(ddl))

  test("a DataFrame without columns is an error") {
    assert(
      ArrowTypes
        .check(new StructType)
        .contains(
          "The DataFrame has no columns, and a Ray Dataset cannot count rows without any. Select " +
            "at least one column."
        )
    )
  }

  test("all types that Ray reads are supported, even deeply nested") {
    val flat = "a boolean, b tinyint, c smallint, d int, e bigint, f float, g double, " +
      "h decimal(38,18), i string, j binary, k date, l timestamp, m timestamp_ntz, n void, " +
      "o interval day to second, p interval"
    assert(problem(flat).isEmpty)
    val deep = ArrayType(MapType(StringType, StructType.fromDDL(flat)))
    assert(ArrowTypes.check(new StructType().add("größe", deep)).isEmpty)
  }

  test("times of day are supported if this Spark has them") {
    // Spark 4.0 has no such type, and does not parse its name.
    val time = Try(StructType.fromDDL("t time(3), deep array<time(6)>"))
    assert(time.isSuccess == Try(Class.forName("org.apache.spark.sql.types.TimeType")).isSuccess)
    time.foreach(schema => assert(ArrowTypes.check(schema).isEmpty))
  }

  test("two columns of the same name are an error with that name") {
    assert(
      problem("a int, b int, a string").contains(
        "The DataFrame has 2 columns named \"a\", and a Ray Dataset identifies columns by name. " +
          "Rename them, or select one."
      )
    )
    assert(problem("a int, A int").isEmpty)
    assert(
      problem("a array<struct<b: int, b: int>>").contains(
        "Column \"a.element\" is a struct with two fields of the same name. Rename one of them."
      )
    )
  }

  test("a column without an Arrow equivalent is an error with its type and the next step") {
    val cases = Table(
      ("ddl", "beginning"),
      (
        "ok int, months interval year to month",
        "Column \"months\" has type interval year to month, which has no Arrow equivalent that " +
          "Ray reads. Cast it to an int of months, or leave the column out."
      ),
      (
        "m map<string, struct<deep: variant>>",
        "Column \"m.value.deep\" has type variant, which has no Arrow equivalent that Ray reads. " +
          "Cast it to a string or a struct, or leave the column out."
      )
    )
    forAll(cases)((ddl, text) => assert(problem(ddl).contains(text)))
  }

  test("the error for a Spark ML vector names the function that makes it an array") {
    val schema = new StructType().add("features", new VectorUDT)
    assert(
      ArrowTypes
        .check(schema)
        .contains(
          "Column \"features\" has type VectorUDT, which has no Arrow equivalent that Ray reads. " +
            "Apply vector_to_array to it, or leave the column out."
        )
    )
  }
}

/** Stands in for the type of Spark ML, whose jar is not on the class path. */
final class VectorUDT extends UserDefinedType[Array[Double]] {
  override def sqlType: DataType = ArrayType(DoubleType, containsNull = false)
  override def serialize(values: Array[Double]): Any = values
  override def deserialize(stored: Any): Array[Double] = stored.asInstanceOf[Array[Double]]
  override def userClass: Class[Array[Double]] = classOf[Array[Double]]
}
