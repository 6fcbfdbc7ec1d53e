package org.rayonspark

import org.rayonspark.conf.Keys
import org.scalatest.funsuite.AnyFunSuite

final class SpecFromJavaSuite extends AnyFunSuite {
  test("Java can set every field") {
    assert(SpecFromJava.everyField().texts.keySet == Keys.all.map(_.name).toSet)
  }

  test("Java can catch the exception of a rejected value") {
    assert(SpecFromJava.refusal().startsWith("""The value "0" of num_nodes cannot be used"""))
  }
}
