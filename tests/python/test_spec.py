import dataclasses
from pathlib import Path

import pytest
from rayonspark import RayClusterSpec
from rayonspark.errors import InvalidSpecException
from rayonspark.spec import ALIASES

FIELDS = (
    "num_nodes cpus_per_node gpus_per_node memory object_store_memory staging_memory head_cpus "
    "resources labels env env_passthrough python head_args worker_args ports scheduling slots "
    "start_timeout temp_dir spill_dir dashboard dashboard_host dashboard_port usage_stats log_dir "
    "auth max_restarts drain_timeout"
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
        ("env_passthrough", ["AWS_*", "HF_HOME"], '["AWS_*", "HF_HOME"]'),
        ("worker_args", (), "[]"),
        ("temp_dir", Path("/tmp/x"), "/tmp/x"),
        ("start_timeout", 90, "90"),
    ],
)
def test_a_value_is_sent_as_text(field: str, value: object, text: str) -> None:
    assert RayClusterSpec().with_fields("f", {field: value}).to_strings() == {field: text}


@pytest.mark.parametrize(("alias", "field"), ALIASES.items())
def test_a_name_of_setup_ray_cluster_is_understood(alias: str, field: str) -> None:
    assert RayClusterSpec().with_fields("f", {alias: 2}).to_strings() == {field: "2"}


def test_two_names_of_a_field_must_have_the_same_value() -> None:
    def started(**fields: object) -> dict[str, str]:
        return RayClusterSpec().with_fields("RayCluster.start", fields).to_strings()

    assert started(min_worker_nodes=2, max_worker_nodes=2) == {"num_nodes": "2"}
    with pytest.raises(InvalidSpecException) as raised:
        started(num_nodes=2, max_worker_nodes=4)
    assert str(raised.value) == (
        "num_nodes=2 and max_worker_nodes=4 are two values of the field num_nodes. Pass num_nodes "
        "alone."
    )


def test_the_former_name_of_slots_warns() -> None:
    with pytest.warns(FutureWarning, match="tenure, .*, is now called slots"):
        assert RayClusterSpec(tenure="reserved").to_strings() == {"slots": "reserved"}
    with pytest.warns(FutureWarning):
        assert RayClusterSpec().with_fields("f", {"tenure": "shared"}).slots == "shared"
    with pytest.raises(InvalidSpecException, match="Pass slots alone"):
        RayClusterSpec(slots="shared", tenure="reserved")


def test_a_value_that_cannot_be_sent_as_text_is_refused() -> None:
    with pytest.raises(TypeError, match="field 'env' cannot be a set"):
        RayClusterSpec(env={"A"}).to_strings()  # type: ignore[arg-type]


def test_an_unknown_field_is_an_error_that_names_the_closest() -> None:
    with pytest.raises(TypeError) as raised:
        RayClusterSpec().with_fields("RayCluster.start", {"cpus_per_nod": 1})
    assert str(raised.value) == (
        "RayCluster.start() has no argument 'cpus_per_nod'. Did you mean 'cpus_per_node'?"
    )


def test_a_field_of_the_call_wins_over_the_spec() -> None:
    spec = RayClusterSpec(num_nodes=1, auth="token").with_fields("f", {"num_nodes": 3})
    assert spec.to_strings() == {"num_nodes": "3", "auth": "token"}


def test_a_spec_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RayClusterSpec().num_nodes = 1  # type: ignore[misc]
