"""A node has the GPUs that Spark assigns to its executor; the devices do not exist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster.client import Client
from cluster.leftovers import eventually

from .cluster import Kubernetes
from .credentials import NODE

RESOURCE = "nvidia.com/gpu"


@pytest.fixture
def gpus(kubernetes: Kubernetes) -> Iterator[None]:
    """As far as the scheduler knows, the host has four GPUs."""

    def patch(value: str | None) -> None:
        change = json.dumps({"status": {"capacity": {RESOURCE: value}}})
        kubernetes.kubectl("patch", "node", NODE, "--subresource=status", f"--patch={change}")

    def allocatable() -> str | None:
        (node,) = kubernetes.get("nodes")
        return node["status"]["allocatable"].get(RESOURCE)

    patch("4")
    assert eventually(lambda: allocatable() == "4", 30)
    yield
    patch(None)


@pytest.mark.usefixtures("gpus")
def test_a_node_has_the_gpus_that_spark_assigned_to_its_executor(
    start_client: Callable[..., Client],
) -> None:
    resource = "spark.executor.resource.gpu"
    client = start_client(
        init_ray_on_spark=True,
        conf={
            f"{resource}.amount": 2,
            f"{resource}.vendor": "nvidia.com",
            f"{resource}.discoveryScript": str(Path(__file__).with_name("gpus.sh")),
            "spark.task.resource.gpu.amount": 1,
        },
    )

    assert {node["gpus"] for node in client.ask("nodes") if node["role"] == "worker"} == {2}
    seen = "lambda: os.environ['CUDA_VISIBLE_DEVICES'].split(',')"
    visible = f"ray.get(ray.remote(num_gpus=2)({seen}).remote())"
    # Ray assigns them in any order.
    assert {",".join(sorted(seen)) for seen in client.ask("on_nodes", visible).values()} == {"4,7"}
