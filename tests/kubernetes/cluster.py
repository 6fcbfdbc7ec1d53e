"""A real Kubernetes with one node on this machine; its components are processes.

python -m kubernetes.cluster COMMAND...    runs a command next to it, as its client
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from . import configuration, image, machine, spark
from .cgroups import ControlGroup, sweep
from .components import API_SERVICE, CONTAINERD, KUBELET, READY, URL, Components
from .credentials import NODE, Credentials
from .daemons import Daemons
from .machine import BINARIES
from .namespaces import GATEWAY, Namespaces

START_LIMIT_S = 120.0
KUBECTL_LIMIT_S = 60.0

POLL_S = 0.2
"""How often a wait for one daemon checks whether another has died."""

_NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]


@dataclass(frozen=True)
class Kubernetes:
    """The running components, and how to reach them.

    Attributes
    ----------
    directory
        All files of the cluster are below it, such as the logs of components and pods.
    """

    directory: Path
    namespaces: Namespaces
    daemons: Daemons
    components: Components
    control_group: ControlGroup

    @property
    def url(self) -> str:
        """The API server's, for pods and for commands that run `inside`."""
        return URL

    @property
    def ca(self) -> Path:
        """The certificate that the API server's is signed with."""
        return self.components.credentials.ca

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.components.credentials.kubeconfig("admin")

    @property
    def shared(self) -> Path:
        """A directory that pods see under the same path, read-only."""
        return self.directory / "shared"

    def inside(self, *argv: str) -> list[str]:
        """The words that run a command in the cluster's network, as a host that pods can reach.

        The command sees this machine's files and processes, and has the address 10.244.0.1.
        """
        return self.namespaces.network(*argv)

    def environment(self) -> dict[str, str]:
        """The variables that a client, run `inside`, needs besides its own."""
        conf = self.directory / "spark-conf"
        path = f"{BINARIES}:{os.environ['PATH']}"
        return spark.environment(conf, spark.defaults(self.shared)) | {
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.components.cache),
            "PATH": path,
        }

    def kubectl(
        self, *arguments: str, input: str | None = None, limit_s: float = KUBECTL_LIMIT_S
    ) -> str:
        """Run kubectl as the administrator, and return what it printed."""
        done = subprocess.run(
            self.inside(*self.kubectl_words(), *arguments),
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_s,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kubectl_words(self) -> list[str]:
        """The first words of the administrator's kubectl commands."""
        cache = f"--cache-dir={self.components.cache}"
        return [str(BINARIES / "kubectl"), f"--kubeconfig={self.kubeconfig}", cache]

    def get(
        self, kind: str, namespace: str = "default", selector: str | None = None
    ) -> list[dict[str, Any]]:
        """The objects of a kind; `namespace` is "*" for all namespaces."""
        where = ["--all-namespaces"] if namespace == "*" else [f"--namespace={namespace}"]
        labels = [f"--selector={selector}"] if selector else []
        found = json.loads(self.kubectl("get", kind, *where, *labels, "--output=json"))
        return list(found["items"])

    def token(self, service_account: str, namespace: str = "default") -> str:
        """A token of a service account, as a user without a certificate has one."""
        create = ("create", "token", service_account, f"--namespace={namespace}")
        return self.kubectl(*create).strip()

    def admit(self, namespace: str) -> None:
        """Let Spark's drivers run in a namespace: create an account with the rights they need."""
        account, there = spark.SERVICE_ACCOUNT, f"--namespace={namespace}"
        self.kubectl("create", "serviceaccount", account, there)
        binding = ("--clusterrole=edit", f"--serviceaccount={namespace}:{account}")
        self.kubectl("create", "rolebinding", account, *binding, there)

    def pids_of(self, pod: dict[str, Any]) -> set[int]:
        """The processes of a pod that `get` returned, by this machine's process ids."""
        found = self.control_group.processes(pod["metadata"]["uid"])
        return {pid for pid in found if not self.namespaces.is_pause(pid)}

    def owns(self, pid: int) -> bool:
        """Whether a process is in a pod, or in the cluster's network."""
        return self.namespaces.reaches(pid) or pid in self.control_group.processes()

    def visitors(self) -> set[int]:
        """The processes that run `inside`: all in the cluster's network except its components."""
        return {pid for pid in psutil.pids() if self.namespaces.is_visitor(pid)}

    def start(self, name: str) -> None:
        """Start a component, or start it again after `daemons.kill`."""
        self.daemons.start(name, self.components.argv(name))

    def wait(self, *argv: str) -> None:
        """Run a command in the cluster's namespaces; fail if a component ends before it."""
        process = subprocess.Popen(
            self.namespaces.all(*argv),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            while process.poll() is None:
                self.daemons.assert_alive()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_S)
            assert process.stderr is not None
            error = process.stderr.read()
            assert process.returncode == 0, f"{argv}: {error}\n{self.daemons.log_tails()}"


@contextmanager
def running(directory: Path) -> Iterator[Kubernetes]:
    """Run a cluster; at the end, remove everything but the logs."""
    sweep()
    namespaces = Namespaces(directory / "namespaces.log")
    group = ControlGroup.of(namespaces.first)
    components = Components(directory, Credentials(directory / "pki"), group.name)
    daemons = Daemons(directory, namespaces)
    cluster = Kubernetes(directory, namespaces, daemons, components, group)
    with ExitStack() as stack:
        stack.callback(_remove, components.state)
        stack.callback(group.remove)
        stack.callback(daemons.reap)
        stack.callback(namespaces.stop)
        _start(cluster)
        yield cluster


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _start(cluster: Kubernetes) -> None:
    components = cluster.components
    cluster.control_group.make()
    addresses = ["127.0.0.1", GATEWAY, API_SERVICE]
    components.credentials.write(URL, addresses, _NAMES)
    configuration.write(components)
    cluster.namespaces.prepare(components.state / "sysctl")
    cluster.namespaces.bind(components.kubelet, KUBELET)
    cluster.shared.mkdir()
    for name in ("etcd", "containerd", "kube-apiserver"):
        cluster.start(name)
    images = components.state / "images.tar"
    image.write(images)
    limit = f"{START_LIMIT_S:.0f}s"
    ctr = ("ctr", f"--address={CONTAINERD}", "--namespace=k8s.io", f"--connect-timeout={limit}")
    cluster.wait(*ctr, "images", "import", str(images))
    ready = (sys.executable, str(Path(__file__).with_name("ready.py")), str(START_LIMIT_S))
    cluster.wait(*ready, READY["kube-apiserver"])
    for name in ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns"):
        cluster.start(name)
    wait = (*cluster.kubectl_words(), "wait", f"--timeout={limit}")
    for name in (f"node/{NODE}", "serviceaccount/default"):
        cluster.wait(*wait, "--for=create", name)
    cluster.wait(*wait, "--for=condition=Ready", f"node/{NODE}")
    cluster.wait(*ready, *READY.values())
    cluster.admit("default")


def main() -> int:
    """Run a command next to a Kubernetes of its own, and return its exit status."""
    reason = machine.unable()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as started:
        ours = {
            "RAYONSPARK_TEST_MASTER": f"k8s://{started.url}",
            "RAYONSPARK_TEST_IMAGE": image.IMAGE,
        }
        argv = started.inside(*sys.argv[1:])
        environment = os.environ | started.environment() | ours
        return subprocess.run(argv, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
