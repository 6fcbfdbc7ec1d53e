"""How a node's process adapts to an older Ray; no Ray runs here."""

import importlib.util
import json
import sys
import types

import pytest
from guarded import RESOURCES

spec = importlib.util.spec_from_file_location("older_ray", RESOURCES / "older_ray.py")
older_ray = importlib.util.module_from_spec(spec)
spec.loader.exec_module(older_ray)

NEWEST = ("2.55.0", "2.60.0", "3.0.0.dev0", "nightly")


@pytest.fixture(autouse=True)
def node_class(monkeypatch):
    """A fake of Ray's class `Node`, and an environment that says nothing about spilling."""
    module = types.SimpleNamespace(Node=type("Node", (), {"validate_external_storage": id}))
    monkeypatch.setitem(sys.modules, "ray._private.node", module)
    monkeypatch.setenv(older_ray.SPILL_VARIABLE, "")
    return module.Node


@pytest.fixture(autouse=True)
def parameter(monkeypatch):
    """A fake of Ray's module for the parameters that `ray start` makes from its command line."""
    module = types.SimpleNamespace(RayParams=dict)
    monkeypatch.setitem(sys.modules, "ray._private.parameter", module)
    return module


def test_no_arguments_stay_no_arguments(node_class):
    assert older_ray.fit("2.41.0", []) == []
    assert node_class.validate_external_storage is id


@pytest.mark.parametrize("version", NEWEST)
def test_a_new_ray_gets_the_command_line_unchanged(node_class, parameter, tmp_path, version):
    asked = ["start", "--temp-dir=/t", "--labels=a=b", f"--object-spilling-directory={tmp_path}/o"]
    assert older_ray.fit(version, asked) == asked
    assert older_ray.os.environ[older_ray.SPILL_VARIABLE] == ""
    assert node_class.validate_external_storage is id
    assert parameter.RayParams is dict


@pytest.mark.parametrize("version", ["2.41.0", "2.44.1"])
def test_labels_are_json_before_2_45(version):
    asked = ["--labels=rayonspark.org/host=10.0.0.2,tier=gold,empty=", "--num-cpus=1"]
    labels, rest = older_ray.fit(version, asked)
    assert json.loads(labels.removeprefix("--labels=")) == {
        "rayonspark.org/host": "10.0.0.2",
        "tier": "gold",
        "empty": "",
    }
    assert rest == "--num-cpus=1"
    assert older_ray.fit(version, ["--labels="]) == ["--labels={}"]
    assert older_ray.fit("2.45.0", asked) == asked


@pytest.mark.parametrize("version", ["2.41.0", "2.45.0", "2.54.1"])
def test_before_2_55_an_environment_variable_sets_the_spill_directory(
    node_class, tmp_path, version
):
    directory = tmp_path / "ros-spill-a" / "objects"
    rest = older_ray.fit(version, ["start", f"--object-spilling-directory={directory}", "--head"])
    assert rest == ["start", "--head"]
    assert directory.is_dir()
    assert json.loads(older_ray.os.environ[older_ray.SPILL_VARIABLE]) == {
        "type": "filesystem",
        "params": {"directory_path": str(directory)},
    }
    # Otherwise all nodes would use the head's directory.
    assert node_class().validate_external_storage() is None


@pytest.mark.parametrize("version", ["2.41.0", "2.54.1"])
def test_before_2_55_a_workers_temp_directory_bypasses_the_command_line(parameter, version):
    assert older_ray.fit(version, ["start", "--temp-dir=/t", "--num-cpus=1"]) == [
        "start",
        "--num-cpus=1",
    ]
    # `ray start` then passes no temp directory, and the patched class adds it.
    assert parameter.RayParams(temp_dir=None, num_cpus=1) == {"temp_dir": "/t", "num_cpus": 1}


def test_a_heads_temp_directory_stays_on_the_command_line(parameter):
    asked = ["start", "--head", "--temp-dir=/t"]
    assert older_ray.fit("2.41.0", asked) == asked
    assert parameter.RayParams is dict


def test_a_raylet_before_2_54_does_not_get_its_agents_port():
    takes = older_ray.raylet_takes_agent_port
    assert not any(takes(version) for version in ("2.41.0", "2.53.0"))
    assert all(takes(version) for version in ("2.54.0", *NEWEST))
