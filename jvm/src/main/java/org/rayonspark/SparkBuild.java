package org.rayonspark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.apache.spark.package$;

/**
 * Checks that the running Spark and Scala are those that this jar was built for. Written in Java,
 * because a jar that was built for another Scala version could not run Scala code to report it.
 */
final class SparkBuild {
  private SparkBuild() {}

  /**
   * Throws if the running Spark does not match the jar. A mismatch would otherwise end in a
   * NoSuchMethodError later.
   *
   * @throws VersionMismatchException
   *     names the Maven coordinate to use
   */
  static void check() {
    check(package$.MODULE$.SPARK_VERSION(), scala.util.Properties.versionNumberString());
  }

  static void check(String spark, String scala) {
    Properties build = load();
    String running = minor(spark) + "_" + minor(scala);
    String jar = build.getProperty("spark") + "_" + build.getProperty("scala");
    if (!running.equals(jar)) {
      String builds = build.getProperty("builds");
      String next =
          builds.contains(running)
              ? "Use org.rayonspark:rayonspark-spark-" + running + ":"
                  + build.getProperty("version") + " in its place."
              : "There are jars for " + builds + ". Use one of these Spark versions.";
      throw new VersionMismatchException(
          "The jar on Spark's class path is rayonspark-spark-" + jar + ", and this is Spark "
              + spark + " with Scala " + minor(scala) + ". " + next);
    }
  }

  private static String minor(String version) {
    String[] numbers = version.split("\\.");
    return numbers[0] + "." + numbers[1];
  }

  private static Properties load() {
    Properties properties = new Properties();
    try (InputStream stream = SparkBuild.class.getResourceAsStream("build.properties")) {
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
