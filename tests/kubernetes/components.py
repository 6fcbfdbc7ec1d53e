"""What the components of a cluster are told: their command lines."""

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
"""The first of the services' addresses is the API server's, for pods."""

PODS = f"10.244.0.0/{PREFIX_LENGTH}"

CONTAINERD = "/run/containerd/containerd.sock"

KUBELET = "/run/kubelet"
"""Its sockets are below, and a socket's path has at most 107 characters."""

READY = {
    "kube-apiserver": f"{URL}/readyz",
    "kube-proxy": "http://127.0.0.1:10256/healthz",
    "coredns": "http://127.0.0.1:8181/ready",
}

_ETCD = "http://127.0.0.1:2379"


@dataclass(frozen=True)
class Components:
    """Of one cluster, whose files are below `directory`.

    Attributes
    ----------
    control_group
        In which the kubelet makes those of the pods.
    """

    directory: Path
    credentials: Credentials
    control_group: str

    @property
    def state(self) -> Path:
        """Of no interest when the cluster has ended."""
        return self.directory / "state"

    @property
    def kubelet(self) -> Path:
        """What it keeps; pods' volumes are below."""
        return self.state / "kubelet"

    @property
    def cache(self) -> Path:
        """Of kubectl, which else has one at home."""
        return self.state / "kubectl"

    @property
    def pod_logs(self) -> Path:
        return self.directory / "pods"

    def conf(self, name: str) -> Path:
        """A file that one of them is told of."""
        return self.directory / "conf" / name

    def argv(self, name: str) -> list[str]:
        """The command line of one of them."""
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
                # Nothing here waits longer than it must.
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
            # Pods reach it, and it is told to them by this address.
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
            # Else it looks for the node by its name, which only Kubernetes knows.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={is_.signing_key}",
            f"--service-account-signing-key-file={is_.signing_key}",
        ]
