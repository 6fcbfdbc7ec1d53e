import dataclasses
from pathlib import Path

import pytest
from rayonspark import RayClusterSpec

FIELDS = (
    "num_nodes cpus_per_node gpus_per_node memory object_store_memory staging_memory head_cpus "
    "resources labels env python head_args worker_args ports scheduling tenure start_timeout "
    "temp_dir spill_dir dashboard dashboard_host dashboard_port log_dir auth max_restarts "
    "drain_timeout"
)


def test_an_empty_spec_sends_nothing() -> None:
    assert RayClusterSpec().to_strings() == {}


def test_the_fields_and_their_order_are_those_of_the_jvm() -> None:
    assert " ".join(RayClusterSpec.names()) == FIELDS


def test_every_field_is_documented() -> None:
    described = str(RayClusterSpec.__doc__)
    assert [name for name in RayClusterSpec.names() if name not in described] == []


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("num_nodes", 2, "2"),
        ("num_nodes", 0, "0"),
        ("gpus_per_node", 0.5, "0.5"),
        ("memory", "500m", "500m"),
        ("memory", 4096, "4096"),
        ("dashboard", True, "true"),
        ("dashboard", False, "false"),
        ("resources", {"tpu": 1.5}, '{"tpu": 1.5}'),
        ("head_args", ["--num-gpus=1"], '["--num-gpus=1"]'),
        ("worker_args", (), "[]"),
        ("temp_dir", Path("/tmp/x"), "/tmp/x"),
        ("start_timeout", 90, "90"),
    ],
)
def test_a_value_crosses_as_text(field: str, value: object, text: str) -> None:
    assert RayClusterSpec().with_fields("f", {field: value}).to_strings() == {field: text}


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="field 'env' cannot be a set"):
        RayClusterSpec(env={"A"}).to_strings()  # type: ignore[arg-type]


def test_an_unknown_field_names_the_closest() -> None:
    with pytest.raises(TypeError) as raised:
        RayClusterSpec().with_fields("RayCluster.start", {"cpus_per_nod": 1})
    assert str(raised.value) == (
        "RayCluster.start() has no argument 'cpus_per_nod'. Did you mean 'cpus_per_node'?"
    )


def test_a_field_that_is_given_wins_over_the_spec() -> None:
    spec = RayClusterSpec(num_nodes=1, auth="token").with_fields("f", {"num_nodes": 3})
    assert spec.to_strings() == {"num_nodes": "3", "auth": "token"}


def test_a_spec_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RayClusterSpec().num_nodes = 1  # type: ignore[misc]
