"""When Kubernetes refuses something, an error quotes it within seconds, and nothing is left."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers
from cluster.program import Program

from .cluster import Kubernetes
from .conftest import assert_none_left, assert_nothing_of_spark

TRIES = """
import json, sys
from rayonspark import RayOnSparkException, init_orca_context
for line in sys.stdin:
    try:
        init_orca_context(cores=1, memory="512m", num_nodes=2, **json.loads(line))
    except RayOnSparkException as error:
        print("TEST", json.dumps([type(error).__name__, str(error)]), flush=True)
    else:
        print("TEST", json.dumps(["None", "it has started"]), flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(kubernetes: Kubernetes) -> Iterator[Leftovers]:
    """Check after the last test: most tests share one program."""
    leftovers = Leftovers.before()
    yield leftovers
    assert_none_left(kubernetes, leftovers)


@pytest.fixture(scope="module")
def start_trying(
    kubernetes: Kubernetes,
    leaves_nothing_behind: Leftovers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Program]]:
    """Starts a program that starts Spark again and again, with other arguments each time."""
    programs: list[Program] = []
    words = kubernetes.inside(sys.executable, "-c", TRIES)

    def start(env: dict[str, str] | None = None) -> Program:
        directory = tmp_path_factory.mktemp("tries")
        programs.append(Program.start(words, cwd=directory, env=env or {}))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


@pytest.fixture(scope="module")
def shared_program(start_trying: Callable[..., Program]) -> Program:
    return start_trying()


@pytest.fixture
def refused(
    kubernetes: Kubernetes, start_trying: Callable[..., Program], shared_program: Program
) -> Callable[..., tuple[str, str]]:
    """Tries to start Spark with arguments, and returns the error's name and text.

    A program of its own tries if it needs other environment variables.
    """

    def attempt(env: dict[str, str] | None = None, **arguments: object) -> tuple[str, str]:
        given = {"cluster_mode": "k8s", "master": f"k8s://{kubernetes.url}"} | arguments
        program = shared_program if env is None else start_trying(env)
        program.say(json.dumps(given))
        name, text = json.loads(program.line())
        assert_nothing_of_spark(kubernetes)
        return name, text

    return attempt


Refused = Callable[..., tuple[str, str]]


def test_a_missing_image_is_an_error(refused: Refused) -> None:
    # The next starts of the same program have the image of spark-defaults.conf again.
    name, text = refused(container_image="nobody.test/none:1")
    assert name == "PlacementException"
    assert text.startswith('0 of 2 Spark executors have registered. Pod "rayonspark-')
    assert 'cannot start: ErrImageNeverPull: Container image "nobody.test/none:1"' in text
    assert "Fix container_image (spark.kubernetes.container.image)" in text


def test_no_image_at_all_is_an_error(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text("")
    name, text = refused(env={"SPARK_CONF_DIR": str(tmp_path)})
    assert name == "InvalidSpecException"
    assert "Set container_image (spark.kubernetes.container.image)." in text


def test_a_missing_namespace_is_an_error(refused: Refused) -> None:
    name, text = refused(namespace="nowhere")
    assert name == "InvalidSpecException"
    assert 'namespaces "nowhere" not found. Check namespace, which is "nowhere"' in text


def test_no_server_at_the_address_is_an_error(kubernetes: Kubernetes, refused: Refused) -> None:
    master = kubernetes.url.replace("6443", "6444")
    name, text = refused(master=f"k8s://{master}")
    assert name == "UnreachableException"
    assert f"{master} does not answer: Connection refused. Check master" in text


def test_a_used_up_quota_is_an_error(kubernetes: Kubernetes, tenant: str, refused: Refused) -> None:
    kubernetes.kubectl("create", "quota", "one", "--hard=pods=1", f"--namespace={tenant}")
    name, text = refused(namespace=tenant)
    assert name == "PlacementException"
    assert text.startswith("0 of 2 Spark executors have registered. ")
    assert "exceeded quota: one, requested: pods=1, used: pods=1, limited: pods=1" in text
    assert 'raise the quota of namespace "tenant".' in text


def test_pods_that_fit_on_no_host_are_an_error(refused: Refused) -> None:
    conf = {"spark.kubernetes.executor.request.cores": "300"}
    name, text = refused(conf=conf)
    assert name == "PlacementException"
    assert "finds no host: 0/1 nodes are available: 1 Insufficient cpu" in text
    assert "Lower cores, memory or num_nodes, or add hosts to the cluster." in text


def with_token(kubernetes: Kubernetes, token: str) -> dict[str, str]:
    prefix = "spark.kubernetes.authenticate"
    return {f"{prefix}.oauthToken": token, f"{prefix}.caCertFile": str(kubernetes.ca)}


NO_KUBECONFIG = {"KUBECONFIG": "/dev/null"}


def test_unknown_credentials_are_an_error(kubernetes: Kubernetes, refused: Refused) -> None:
    conf = with_token(kubernetes, "nonsense")
    name, text = refused(env=NO_KUBECONFIG, conf=conf)
    assert name == "PlacementException"
    assert "rejects the credentials: Unauthorized. Renew the credentials" in text


def test_an_account_without_rights_is_an_error(
    kubernetes: Kubernetes, tenant: str, refused: Refused
) -> None:
    kubernetes.kubectl("create", "serviceaccount", "poor", f"--namespace={tenant}")
    conf = with_token(kubernetes, kubernetes.token("poor", tenant))
    name, text = refused(env=NO_KUBECONFIG, conf=conf, namespace=tenant)
    assert name == "PlacementException"
    assert '"system:serviceaccount:tenant:poor" cannot create resource "pods"' in text
    assert "Grant it the rights, or use another service_account or namespace." in text


def test_a_missing_image_of_the_driver_is_an_error(
    kubernetes: Kubernetes, run_program: Callable[..., Program]
) -> None:
    script = kubernetes.shared / "never.py"
    script.write_text(
        "from rayonspark import init_orca_context\n"
        f"init_orca_context('k8s-cluster', master='k8s://{kubernetes.url}',\n"
        "                  container_image='nobody.test/none:1')\n"
    )

    program = run_program(sys.executable, str(script))

    assert program.wait() == 1
    assert "cannot start: ErrImageNeverPull" in program.text()
