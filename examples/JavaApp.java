package org.rayonspark.examples;

import org.apache.spark.sql.SparkSession;
import org.rayonspark.RayCluster;
import org.rayonspark.RayClusterSpec;
import org.rayonspark.RayNode;

/**
 * A Ray cluster on the executors of a Java application, with Spark jobs before, during and after.
 *
 * <pre>
 *   spark-submit --packages org.rayonspark:rayonspark_2.13:VERSION \
 *     --class org.rayonspark.examples.JavaApp rayonspark-examples_2.13-VERSION.jar
 * </pre>
 */
public final class JavaApp {
  private JavaApp() {}

  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().appName("Ray from Java").getOrCreate();
    try {
      System.out.println("Spark counts before: " + spark.range(1000).count());

      RayClusterSpec spec =
          RayClusterSpec.builder().numNodes(2).cpusPerNode(1).objectStoreMemory("100m").build();
      try (RayCluster cluster = RayCluster.start(spark, spec)) {
        System.out.println("Ray is at " + cluster.addressInfo().get("address"));
        for (RayNode node : cluster.nodes()) {
          System.out.printf(
              "Ray node %s: %s beside %s, %s%n",
              node.rayNodeId(), node.role(), node.executorId(), node.state());
        }
        System.out.println("Spark counts meanwhile: " + spark.range(1000).count());
      }

      System.out.println("Spark counts after: " + spark.range(1000).count());
    } finally {
      spark.stop();
    }
  }
}
