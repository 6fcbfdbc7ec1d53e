package org.rayonspark.examples

import org.apache.arrow.memory.RootAllocator
import org.apache.arrow.vector.BigIntVector
import org.apache.arrow.vector.ipc.ArrowStreamReader
import org.apache.spark.sql.SparkSession
import org.rayonspark.data.ArrowExport
import org.rayonspark.{RayCluster, RayClusterSpec}

import java.nio.file.{Files, Paths}
import java.time.Duration
import scala.jdk.CollectionConverters.ListHasAsScala
import scala.util.Using

/**
 * Runs a Ray cluster on the executors of a Scala application, between Spark jobs.
 *
 * {{{
 *   spark-submit --packages org.rayonspark:rayonspark-spark-4.3_2.13:VERSION \
 *     --class org.rayonspark.examples.ScalaApp rayonspark-examples_2.13-VERSION.jar
 * }}}
 */
object ScalaApp {
  def main(args: Array[String]): Unit =
    Using.resource(SparkSession.builder().appName("Ray from Scala").getOrCreate()) { spark =>
      println(s"Spark counts before: ${spark.range(1000).count()}")

      val spec =
        RayClusterSpec.builder().numNodes(2).cpusPerNode(1).objectStoreMemory("100m").build()
      Using.resource(RayCluster.start(spark, spec)) { cluster =>
        println(s"Ray is at ${cluster.addressInfo.get("address")}")
        cluster.nodes.asScala.foreach { node =>
          val place = s"${node.role} on executor ${node.executorId}"
          println(s"Ray node ${node.rayNodeId}: $place, ${node.state}")
        }
        println(s"Spark counts meanwhile: ${spark.range(1000).count()}")

        // The Arrow streams that cluster.to_ray in Python passes to Ray, next to the Ray nodes.
        val blocks = cluster.toArrow(spark.range(1000).toDF())
        println(s"Spark sums in Arrow: ${Using.resource(blocks)(sum)}")
      }

      println(s"Spark counts after: ${spark.range(1000).count()}")
    }

  /** Reads each block as soon as it is complete, then releases it. */
  private def sum(blocks: ArrowExport): Long =
    Iterator
      .continually(blocks)
      .takeWhile(!_.finished)
      .flatMap(_.next(Duration.ofSeconds(1)).asScala)
      .map { block =>
        val sumOfIds = read(block.path)
        blocks.release(block)
        sumOfIds
      }
      .sum

  private def read(path: String): Long = Using.Manager { use =>
    val file = use(Files.newInputStream(Paths.get(path)))
    val reader = use(new ArrowStreamReader(file, use(new RootAllocator)))
    val ids = reader.getVectorSchemaRoot.getVector("id").asInstanceOf[BigIntVector]
    Iterator
      .continually(reader.loadNextBatch())
      .takeWhile(identity)
      .map(_ => (0 until ids.getValueCount).map(ids.get).sum)
      .sum
  }.get
}
