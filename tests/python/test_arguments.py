import dataclasses
import inspect
from typing import Any

import pytest
from rayonspark import InvalidSpecException, RayClusterSpec, init_orca_context
from rayonspark._arguments import OrcaArguments

LISTED = (
    "conf spark_log_level python_location driver_cores driver_memory extra_executor_memory_for_ray "
    "extra_python_lib jars master redis_port object_store_memory env extra_params include_webui "
    "system_config num_ray_nodes ray_node_cpu_cores verbose"
)


def ray_fields(local: bool = False, barrier: bool = True, **arguments: Any) -> dict[str, Any]:
    return OrcaArguments(**arguments).ray_fields(barrier=barrier, local=local)


@pytest.mark.parametrize("name", LISTED.split())
def test_an_argument_of_bigdl_orca_is_accepted_and_documented(name: str) -> None:
    assert getattr(OrcaArguments.of({name: None}), name) is None
    assert f"    {name} :" in str(init_orca_context.__doc__)


def test_the_signature_is_that_of_bigdl_orca() -> None:
    parameters = inspect.signature(init_orca_context).parameters.values()
    assert {
        each.name: each.default for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD
    } == {
        "cluster_mode": None,
        "cores": None,
        "memory": "2g",
        "num_nodes": 1,
        "init_ray_on_spark": False,
    }


def test_the_signature_shows_every_argument_with_its_type_and_default() -> None:
    *shown, others = inspect.signature(init_orca_context).parameters.values()
    assert others.kind is others.VAR_KEYWORD
    assert [(each.name, each.annotation, each.default) for each in shown] == [
        (field.name, field.type, field.default) for field in dataclasses.fields(OrcaArguments)
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("core", "init_orca_context() has no argument 'core'. Did you mean 'cores'?"),
        ("num_node", "init_orca_context() has no argument 'num_node'. Did you mean 'num_nodes'?"),
        (
            "object_store_memroy",
            "init_orca_context() has no argument 'object_store_memroy'. "
            "Did you mean 'object_store_memory'?",
        ),
        (
            "runtime",
            "init_orca_context(): 'runtime' is not needed: the runtime is always Spark, and "
            "ray.init connects to other Ray clusters. Leave it out.",
        ),
    ],
)
def test_an_unknown_argument_is_a_type_error_that_helps(name: str, text: str) -> None:
    with pytest.raises(TypeError) as raised:
        init_orca_context(**{name: 1})  # type: ignore[arg-type]
    assert str(raised.value) == text


@pytest.mark.parametrize(
    "wrong",
    [
        {"cores": 0},
        {"cores": "4"},
        {"cores": True},
        {"num_nodes": 0},
        {"num_nodes": -1},
        {"num_ray_nodes": 0},
        {"ray_node_cpu_cores": 1.5},
        {"driver_cores": 0},
    ],
)
def test_a_count_is_a_whole_number_of_at_least_one(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(InvalidSpecException, match=f"^{name}=.* is not a whole number"):
        OrcaArguments(**wrong)


def test_ray_init_and_extra_params_may_not_contradict_each_other() -> None:
    arguments = OrcaArguments(
        extra_params={"log-to-driver": False, "num-gpus": 1}, ray_init={"log_to_driver": True}
    )
    with pytest.raises(InvalidSpecException) as raised:
        arguments.with_ray_init({"--num-gpus"}, {"log_to_driver", "num_gpus"})
    assert str(raised.value) == (
        "ray_init has log_to_driver=True, but extra_params has False. Set it in ray_init only."
    )


def test_without_ray_arguments_no_field_is_set() -> None:
    assert ray_fields() == {}


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({"redis_port": 6379}, {"ports": "gcs=6379"}),
        ({"object_store_memory": "1g"}, {"object_store_memory": "1g"}),
        ({"env": {"A": "b"}}, {"env": {"A": "b"}}),
        ({"include_webui": False}, {"dashboard": False}),
        ({"num_ray_nodes": 2}, {"num_nodes": 2}),
        ({"ray_node_cpu_cores": 3}, {"cpus_per_node": 3}),
        ({"ray_node_cpu_cores": 3, "local": True}, {"head_cpus": 3}),
        ({"num_ray_nodes": 2, "local": True}, {}),
        ({"barrier": False}, {"scheduling": "plain"}),
        ({"system_config": {"a": 1}}, {"head_args": ['--system-config={"a": 1}']}),
        (
            {"extra_params": {"--no-redirect-output": True, "x": False}},
            {
                "head_args": ["--no-redirect-output", "--x=false"],
                "worker_args": ["--no-redirect-output", "--x=false"],
            },
        ),
        ({"extra_params": {"num-gpus": 1}}, {"gpus_per_node": 1}),
        ({"extra_params": {"--num_gpus": 1}}, {"gpus_per_node": 1}),
        (
            {"extra_params": {"dashboard-port": "11281", "temp-dir": "/tmp/ray/"}},
            {"dashboard_port": "11281", "temp_dir": "/tmp/ray/"},
        ),
    ],
)
def test_a_ray_argument_becomes_a_field(arguments: dict[str, Any], fields: dict[str, Any]) -> None:
    assert ray_fields(**arguments) == fields
    assert set(fields) <= set(RayClusterSpec.names())
