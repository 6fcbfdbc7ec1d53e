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
 * A Ray cluster on the executors of a Scala application, with Spark jobs before, during and after.
 *
 * {{{
 *   spark-submit --packages org.rayonspark:rayonspark_2.13:VERSION \
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
          println(
            s"Ray node ${node.rayNodeId}: ${node.role} beside ${node.executorId}, ${node.state}"
          )
        }
        println(s"Spark counts meanwhile: ${spark.range(1000).count()}")

        // What Ray is given by cluster.to_ray in Python: Arrow streams beside its nodes.
        val blocks = cluster.toArrow(spark.range(1000).toDF())
        println(s"Spark sums in Arrow: ${Using.resource(blocks)(sum)}")
      }

      println(s"Spark counts after: ${spark.range(1000).count()}")
    }

  /** Takes each block as soon as it is there, and releases it when it is read. */
  private def sum(blocks: ArrowExport): Long =
    Iterator
      .continually(blocks)
      .takeWhile(!_.finished)
      .flatMap(_.next(Duration.ofSeconds(1)).asScala)
      .map { block =>
        val ids = read(block.path)
        blocks.release(block)
        ids
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
