"""A user's program that spark-submit --packages runs, without pip."""

import json

import rayonspark
from pyspark.sql import SparkSession
from rayonspark import RayCluster

spark = SparkSession.builder.getOrCreate()
fields = list(spark._jvm.org.rayonspark.python.PythonApi.specFields())

with RayCluster.start(spark, num_nodes=2, object_store_memory="100m") as cluster:
    import ray

    @ray.remote
    def origin() -> str:
        import rayonspark

        return rayonspark.__file__

    states = [node.state for node in cluster.nodes]
    in_ray = ray.get(origin.remote())

print(
    "TEST",
    json.dumps(
        {
            "package": rayonspark.__file__,
            "package_in_ray": in_ray,
            "fields": fields,
            "states": states,
            "spark": spark.range(10).count(),
        }
    ),
)
spark.stop()
