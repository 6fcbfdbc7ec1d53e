package org.rayonspark.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.rayonspark.RayCluster;
import org.rayonspark.RayClusterSpec;
import org.rayonspark.RayNode;
import org.rayonspark.data.ArrowExport;
import org.rayonspark.data.ExportOptions;
import org.rayonspark.data.StagedBlock;

/**
 * Runs a Ray cluster on the executors of a Java application, between Spark jobs.
 *
 * <pre>
 *   spark-submit --packages org.rayonspark:rayonspark-spark-4.3_2.13:VERSION \
 *     --class org.rayonspark.examples.JavaApp rayonspark-examples_2.13-VERSION.jar
 * </pre>
 */
public final class JavaApp {
  private JavaApp() {}

  public static void main(String[] args) throws IOException {
    SparkSession spark = SparkSession.builder().appName("Ray from Java").getOrCreate();
    try {
      System.out.println("Spark counts before: " + spark.range(1000).count());

      RayClusterSpec spec =
          RayClusterSpec.builder().numNodes(2).cpusPerNode(1).objectStoreMemory("100m").build();
      try (RayCluster cluster = RayCluster.start(spark, spec)) {
        System.out.println("Ray is at " + cluster.addressInfo().get("address"));
        for (RayNode node : cluster.nodes()) {
          System.out.printf(
              "Ray node %s: %s on executor %s, %s%n",
              node.rayNodeId(), node.role(), node.executorId(), node.state());
        }
        System.out.println("Spark counts meanwhile: " + spark.range(1000).count());

        // The Arrow streams that cluster.to_ray in Python passes to Ray, next to the Ray nodes.
        Dataset<Row> frame = spark.range(1000).toDF();
        ExportOptions options = ExportOptions.defaults().withMaxRowsPerBlock(100);
        try (ArrowExport blocks = cluster.toArrow(frame, options)) {
          System.out.println("Spark sums in Arrow: " + sum(blocks));
        }
      }

      System.out.println("Spark counts after: " + spark.range(1000).count());
    } finally {
      spark.stop();
    }
  }

  /** Reads each block as soon as it is complete, then releases it. */
  private static long sum(ArrowExport blocks) throws IOException {
    long sum = 0;
    while (!blocks.finished()) {
      for (StagedBlock block : blocks.next(Duration.ofSeconds(1))) {
        sum += read(Path.of(block.path()));
        blocks.release(block);
      }
    }
    return sum;
  }

  private static long read(Path path) throws IOException {
    long sum = 0;
    try (InputStream file = Files.newInputStream(path);
        RootAllocator memory = new RootAllocator();
        ArrowStreamReader reader = new ArrowStreamReader(file, memory)) {
      BigIntVector ids = (BigIntVector) reader.getVectorSchemaRoot().getVector("id");
      while (reader.loadNextBatch()) {
        for (int i = 0; i < ids.getValueCount(); i++) {
          sum += ids.get(i);
        }
      }
    }
    return sum;
  }
}
