package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.Files

final class ConfigurationPageSuite extends AnyFunSuite {
  test("docs/configuration.md is up to date") {
    val page = Files.readString(ConfigurationPage.file)
    assert(
      page == ConfigurationPage.text,
      """: run ./sbt "spark43_213/Test/runMain org.rayonspark.conf.ConfigurationPage""""
    )
  }

  test("every key has a section") {
    Keys.all.foreach(key => assert(ConfigurationPage.text.contains(s"## `${key.setting}`")))
  }
}
