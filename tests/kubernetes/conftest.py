"""One Kubernetes for all of these tests, and the configuration of a client's machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.client import Client
from cluster.leftovers import Leftovers, eventually
from cluster.program import Program

from . import cluster, machine
from .cluster import Kubernetes

WITHIN_S = 15.0
"""Everything of an application must be gone within this time."""

OF_SPARK = "spark-app-selector"
"""The label of everything that Spark creates."""


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    """A cluster of one node; this process is a client of it, but not in its network."""
    reason = machine.unable()
    if reason:
        pytest.skip(reason)
    if not (machine.BINARIES / "kubelet").exists():
        pytest.fail(f"{machine.BINARIES} is missing. Run make test-kubernetes, which creates it.")
    directory = tmp_path_factory.mktemp("kubernetes")
    with cluster.running(directory) as started, pytest.MonkeyPatch.context() as environment:
        for name, value in started.environment().items():
            environment.setenv(name, value)
        yield started


@pytest.fixture(autouse=True)
def leaves_nothing_behind(kubernetes: Kubernetes) -> Iterator[Leftovers]:
    """Check after each test that nothing of Ray or Spark is left in any namespace."""
    leftovers = Leftovers.before(kubernetes.owns)
    yield leftovers
    # A driver's pod and everything that it owns stay after its end, until somebody deletes it.
    ended = f"--selector={OF_SPARK},spark-role=driver", "--all-namespaces", "--wait=false"
    for phase in ("Succeeded", "Failed"):
        kubernetes.kubectl("delete", "pods", *ended, f"--field-selector=status.phase={phase}")
    assert_none_left(kubernetes, leftovers)


def assert_none_left(kubernetes: Kubernetes, leftovers: Leftovers) -> None:
    """Assert that nothing of Ray, of Spark or of a client is left."""
    leftovers.assert_none(WITHIN_S)
    assert eventually(lambda: not kubernetes.visitors(), WITHIN_S), kubernetes.visitors()
    assert_nothing_of_spark(kubernetes)


def assert_nothing_of_spark(kubernetes: Kubernetes, within_s: float = WITHIN_S) -> None:
    """Assert that within this time, the cluster has nothing of any application."""

    def left() -> list[str]:
        found = kubernetes.get("pods,services,configmaps", "*", OF_SPARK)
        return [f"{one['kind']} {one['metadata']['name']}" for one in found]

    eventually(lambda: not left(), within_s)
    assert left() == []


@pytest.fixture
def tenant(kubernetes: Kubernetes) -> Iterator[str]:
    """A namespace in which Spark's drivers may run."""
    name = "tenant"
    kubernetes.kubectl("create", "namespace", name)
    kubernetes.admit(name)
    yield name
    kubernetes.kubectl("delete", "namespace", name)


@pytest.fixture
def run_program(kubernetes: Kubernetes, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Runs a user's command line in the cluster's network."""
    programs: list[Program] = []

    def run(*argv: str, env: dict[str, str] | None = None) -> Program:
        words = kubernetes.inside(*argv)
        programs.append(Program.start(words, cwd=tmp_path, env=env or {}))
        return programs[-1]

    yield run
    for program in programs:
        program.end()


@pytest.fixture
def start_client(kubernetes: Kubernetes, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts an application whose driver runs next to the tests, in the cluster's network."""
    clients: list[Client] = []

    def start(mode: str = "k8s", **arguments: Any) -> Client:
        at = {"master": f"k8s://{kubernetes.url}"}
        clients.append(Client(tmp_path, mode, inside=kubernetes.inside, **(at | arguments)))
        return clients[-1]

    yield start
    for client in clients:
        client.program.end()
