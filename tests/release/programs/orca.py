"""A user's program after pip install: the first lines of the README."""

import json

import ray
import rayonspark

sc = rayonspark.init_orca_context(
    "standalone",
    memory="512m",
    object_store_memory="100m",
    init_ray_on_spark=True,
    include_webui=False,
    conf={"spark.ui.enabled": "false"},
)
context = rayonspark.OrcaContext.get_ray_context()


@ray.remote
def origin() -> str:
    import rayonspark

    return rayonspark.__file__


report = {
    "package_in_ray": ray.get(origin.remote()),
    "nodes": context.num_ray_nodes,
    "spark": sc.range(10).count(),
}
rayonspark.stop_orca_context()
print("TEST", json.dumps(report))
