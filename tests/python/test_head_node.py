"""Which node on its host the driver joins, with Ray before 2.54 and with newer versions."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rayonspark._ray import head_node

ALIVE, DEAD = 0, 1


def node(name: str, **fields: Any) -> SimpleNamespace:
    known = {"is_head_node": False, "state": ALIVE, "node_manager_address": "10.0.0.1"}
    known |= {"object_store_socket_name": f"{name}/store", "raylet_socket_name": f"{name}/raylet"}
    known |= {"node_manager_port": 1, "node_id": name.encode()}
    return SimpleNamespace(**known | fields)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Ray's module `services`; GCS lists the nodes in `services.nodes`."""
    fake = SimpleNamespace(nodes=[], get_node_to_connect_for_driver=any_node)
    client = SimpleNamespace(get_all_node_info=lambda: dict(enumerate(fake.nodes)))
    monkeypatch.setitem(sys.modules, "ray._private.services", fake)
    raylet = SimpleNamespace(GcsClient=lambda address: client)
    monkeypatch.setitem(sys.modules, "ray._raylet", raylet)
    messages = SimpleNamespace(GcsNodeInfo=SimpleNamespace(ALIVE=ALIVE))
    monkeypatch.setitem(sys.modules, "ray.core.generated.gcs_pb2", messages)
    return fake


def any_node(gcs_address: str, node_ip_address: str) -> str:
    return f"any at {node_ip_address}"


def test_without_a_head_on_this_host_ray_chooses(services: SimpleNamespace) -> None:
    for nodes in (
        [],
        [node("a")],
        [node("a", is_head_node=True, state=DEAD)],
        [node("a", is_head_node=True, node_manager_address="10.0.0.2")],
    ):
        services.nodes = nodes
        with head_node.preferred():
            chosen = services.get_node_to_connect_for_driver("10.0.0.1:6379", "10.0.0.1")
        assert chosen == "any at 10.0.0.1"


def test_the_head_is_preferred_to_workers_on_this_host(services: SimpleNamespace) -> None:
    services.nodes = [node("a"), node("h", is_head_node=True, node_manager_port=7), node("b")]
    with head_node.preferred():
        chosen = services.get_node_to_connect_for_driver("10.0.0.1:6379", "10.0.0.1")
    assert chosen == {
        "object_store_socket_name": "h/store",
        "raylet_socket_name": "h/raylet",
        "node_manager_port": 7,
        "node_id": b"h".hex(),
    }


def test_rays_own_choice_is_restored_even_after_an_error(services: SimpleNamespace) -> None:
    def fail() -> None:
        with head_node.preferred():
            assert services.get_node_to_connect_for_driver is not any_node
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert services.get_node_to_connect_for_driver is any_node


def test_a_ray_that_prefers_the_head_itself_is_left_alone(services: SimpleNamespace) -> None:
    def preferring(gcs_client: Any, node_ip_address: str, node_name: str) -> None: ...

    services.get_node_to_connect_for_driver = preferring
    with head_node.preferred():
        assert services.get_node_to_connect_for_driver is preferring
