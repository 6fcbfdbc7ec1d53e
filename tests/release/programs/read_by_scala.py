"""An application of two halves: Python has the Dataset, and Scala reads it."""

import json

from pyspark.sql import SparkSession
from rayonspark import RayCluster

spark = SparkSession.builder.getOrCreate()
scala = spark._jvm.org.rayonspark.examples.ScalaFrame

with RayCluster.start(spark, num_nodes=2, object_store_memory="100m") as cluster:
    import ray

    df = cluster.to_spark(ray.data.range(1000, override_num_blocks=4).materialize())
    frame = cluster.last_exchange.frame
    by_scala = scala.sum(spark._jsparkSession, frame, "id")
    by_python = df.groupBy().sum("id").first()[0]

print("TEST", json.dumps({"by_python": by_python, "by_scala": by_scala}))
spark.stop()
