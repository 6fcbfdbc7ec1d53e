package org.rayonspark.conf

import org.scalatest.funsuite.AnyFunSuite

import java.nio.file.Files

final class ConfigurationPageSuite extends AnyFunSuite {
  test("docs/configuration.md says what the keys say") {
    val page = Files.readString(ConfigurationPage.file)
    assert(
      page == ConfigurationPage.text,
      """: run sbt "rayonspark/Test/runMain org.rayonspark.conf.ConfigurationPage""""
    )
  }

  test("every key has a section of its own") {
    Keys.all.foreach(key => assert(ConfigurationPage.text.contains(s"## `${key.setting}`")))
  }
}
