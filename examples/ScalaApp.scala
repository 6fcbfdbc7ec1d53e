package org.rayonspark.examples

import org.apache.spark.sql.SparkSession
import org.rayonspark.{RayCluster, RayClusterSpec}

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
      }

      println(s"Spark counts after: ${spark.range(1000).count()}")
    }
}
