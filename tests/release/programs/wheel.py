"""A user's program after pip install."""

import json

import rayonspark
from pyspark.sql import SparkSession
from rayonspark._jars import our_jar
from rayonspark._versions import builds

builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("wheel")
builder = builder.config("spark.executor.memory", "512m").config("spark.ui.enabled", "false")
spark = rayonspark.configure_spark(builder).getOrCreate()
fields = list(spark._jvm.org.rayonspark.python.PythonApi.specFields())

with rayonspark.RayCluster.start(spark, num_nodes=2, object_store_memory="100m") as cluster:
    states = [node.state for node in cluster.nodes]

print(
    "TEST",
    json.dumps(
        {
            "package": rayonspark.__file__,
            "jar": str(our_jar(builds()[-1])),
            "fields": fields,
            "states": states,
            "spark": spark.range(10).count(),
        }
    ),
)
spark.stop()
