"""Fixtures for tests without a JVM."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from fakes import FakeRay, FakeSession
from rayonspark import _jvm
from rayonspark._versions import builds


class FakeWorker:
    """Ray's worker; RayOnSpark changes its class when it connects."""

    def __init__(self) -> None:
        self.core_worker = SimpleNamespace()


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    """A Ray that is not connected, in place of the real one."""
    fake = FakeRay()

    def read(_: str) -> None:
        fake.config_reads += 1

    loader = SimpleNamespace(reset_cache=lambda: None)
    raylet = SimpleNamespace(
        Config=SimpleNamespace(initialize=read),
        AuthenticationTokenLoader=SimpleNamespace(instance=lambda: loader),
    )
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.setitem(sys.modules, "ray._raylet", raylet)
    services = SimpleNamespace(get_node_to_connect_for_driver=lambda gcs_client: None)
    monkeypatch.setitem(sys.modules, "ray._private.services", services)
    worker = SimpleNamespace(global_worker=FakeWorker())
    monkeypatch.setitem(sys.modules, "ray._private.worker", worker)
    hook = SimpleNamespace(ray=fake)
    monkeypatch.setitem(sys.modules, "ray._private.auto_init_hook", hook)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    return fake


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    """A SparkSession whose JVM is a fake; its jar is on every class path."""
    monkeypatch.setattr(_jvm.jar, "give_to_executors", lambda sc: None)
    monkeypatch.setattr(_jvm.versions, "build", lambda jvm: builds()[-1])
    return FakeSession()
