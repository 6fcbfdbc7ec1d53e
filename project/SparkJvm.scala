package org.rayonspark.build

/** The packages that Spark needs opened on Java 17, in a JVM that spark-submit did not start. */
object SparkJvm {
  private val opened = Seq(
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar"
  )

  val options: Seq[String] = opened.map(p => s"--add-opens=java.base/$p=ALL-UNNAMED")
}
