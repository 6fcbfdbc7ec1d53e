"""The command lines of a cluster's components."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .credentials import NODE, Credentials
from .machine import BINARIES
from .namespaces import GATEWAY, PREFIX_LENGTH

PORT = 6443
URL = f"https://{GATEWAY}:{PORT}"

SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
"""The API server's address for pods: the first one of the services."""

PODS = f"10.244.0.0/{PREFIX_LENGTH}"

CONTAINERD = "/run/containerd/containerd.sock"

KUBELET = "/run/kubelet"
"""The kubelet's sockets are below it, and a socket's path has at most 107 characters."""

READY = {
    "kube-apiserver": f"{URL}/readyz",
    "kube-proxy": "http://127.0.0.1:10256/healthz",
    "coredns": "http://127.0.0.1:8181/ready",
}

_ETCD = "http://127.0.0.1:2379"


@dataclass(frozen=True)
class Components:
    """The components of one cluster, whose files are below `directory`.

    Attributes
    ----------
    control_group
        The kubelet creates the pods' control groups in it.
    """

    directory: Path
    credentials: Credentials
    control_group: str

    @property
    def state(self) -> Path:
        """Files that are not needed after the cluster has ended."""
        return self.directory / "state"

    @property
    def kubelet(self) -> Path:
        """The kubelet's files; the pods' volumes are below it."""
        return self.state / "kubelet"

    @property
    def cache(self) -> Path:
        """The cache of kubectl, which otherwise keeps one in the home directory."""
        return self.state / "kubectl"

    @property
    def pod_logs(self) -> Path:
        return self.directory / "pods"

    def conf(self, name: str) -> Path:
        """The path of a configuration file."""
        return self.directory / "conf" / name

    def argv(self, name: str) -> list[str]:
        """The command line of a component."""
        kubeconfig = self.credentials.kubeconfig
        argv = {
            "etcd": [
                f"--data-dir={self.state}/etcd",
                f"--listen-client-urls={_ETCD}",
                f"--advertise-client-urls={_ETCD}",
                "--listen-peer-urls=http://127.0.0.1:2380",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
            "containerd": [f"--config={self.conf('containerd.toml')}"],
            "kube-apiserver": [*self._api_server()],
            "kube-controller-manager": [
                f"--kubeconfig={kubeconfig('controller-manager')}",
                "--bind-address=127.0.0.1",
                "--leader-elect=false",
                "--use-service-account-credentials",
                f"--root-ca-file={self.credentials.ca}",
                f"--service-account-private-key-file={self.credentials.signing_key}",
                f"--cluster-cidr={PODS}",
                # Waits are as short as possible.
                "--node-monitor-period=1s",
                "--node-monitor-grace-period=10s",
            ],
            "kube-scheduler": [
                f"--kubeconfig={kubeconfig('scheduler')}",
                "--bind-address=127.0.0.1",
                "--leader-elect=false",
            ],
            "kube-proxy": [f"--config={self.conf('proxy.json')}"],
            "kubelet": [
                f"--config={self.conf('kubelet.json')}",
                f"--kubeconfig={kubeconfig('kubelet')}",
                f"--root-dir={KUBELET}",
                f"--node-ip={GATEWAY}",
                f"--hostname-override={NODE}",
                "-v=2",
            ],
            "coredns": ["-conf", str(self.conf("Corefile"))],
        }[name]
        program = name if name == "containerd" else str(BINARIES / name)
        return [program, *argv]

    def _api_server(self) -> list[str]:
        is_ = self.credentials
        return [
            f"--etcd-servers={_ETCD}",
            f"--secure-port={PORT}",
            # Pods must reach the API server, and Kubernetes gives them this address.
            "--bind-address=0.0.0.0",
            f"--advertise-address={GATEWAY}",
            f"--service-cluster-ip-range={SERVICES}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--token-auth-file={is_.tokens}",
            f"--tls-cert-file={is_.certificate}",
            f"--tls-private-key-file={is_.key}",
            f"--kubelet-client-certificate={is_.certificate}",
            f"--kubelet-client-key={is_.key}",
            # Otherwise, it looks up the node by its name, which only Kubernetes knows.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={is_.signing_key}",
            f"--service-account-signing-key-file={is_.signing_key}",
        ]
