"""A node's process finds out whether its interpreter can run Ray's dashboard."""

import importlib.util
import sys

import pytest
from guarded import RESOURCES


@pytest.fixture
def ray_node(monkeypatch):
    monkeypatch.syspath_prepend(RESOURCES)
    yield importlib.import_module("ray_node")
    for name in ("ray_node", "older_ray", "prestart"):
        sys.modules.pop(name, None)


def test_an_interpreter_with_all_packages_has_a_dashboard(ray_node):
    assert ray_node.has_dashboard()
    assert "aiohttp_cors" not in sys.modules


@pytest.mark.parametrize("package", ["aiohttp_cors", "opencensus", "prometheus_client"])
def test_one_missing_package_is_enough_to_have_none(ray_node, monkeypatch, package):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == package else find(n))
    assert not ray_node.has_dashboard()
