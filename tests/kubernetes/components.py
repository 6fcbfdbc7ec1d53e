"""What the components of a cluster are told: their command lines, and their files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .credentials import NODE, Credentials
from .image import PAUSE
from .machine import BINARIES, CNI_PLUGINS
from .namespaces import BRIDGE, GATEWAY, PREFIX_LENGTH

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
    def pod_logs(self) -> Path:
        return self.directory / "pods"

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
            "containerd": [f"--config={self._conf('containerd.toml')}"],
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
            "kube-proxy": [f"--config={self._conf('proxy.json')}"],
            "kubelet": [
                f"--config={self._conf('kubelet.json')}",
                f"--kubeconfig={kubeconfig('kubelet')}",
                f"--root-dir={KUBELET}",
                f"--node-ip={GATEWAY}",
                f"--hostname-override={NODE}",
                "-v=2",
            ],
            "coredns": ["-conf", str(self._conf("Corefile"))],
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

    def _conf(self, name: str) -> Path:
        return self.directory / "conf" / name

    def configure(self) -> None:
        """Write their files."""
        self.kubelet.mkdir(parents=True)
        self._conf("cni").mkdir(parents=True)
        self._conf("resolv.conf").touch()
        self._conf("containerd.toml").write_text(self._containerd())
        self._conf("cni/bridge.conflist").write_text(json.dumps(self._network()))
        self._conf("kubelet.json").write_text(json.dumps(self._kubelet()))
        self._conf("proxy.json").write_text(json.dumps(self._proxy()))
        self._conf("Corefile").write_text(self._names())

    def _network(self) -> dict[str, Any]:
        addresses = {
            "type": "host-local",
            "ranges": [[{"subnet": PODS}]],
            "dataDir": f"{self.state}/addresses",
        }
        bridge = {
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": True,
            "isDefaultGateway": True,
            "ipMasq": False,
            "hairpinMode": True,
            "ipam": addresses,
        }
        port_map = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, port_map]}

    def _containerd(self) -> str:
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        return f"""
version = 2
root = "{self.state}/containerd"
state = "/run/containerd"
[grpc]
  address = "{CONTAINERD}"
[{cri}]
  sandbox_image = "{PAUSE}"
  # Not every root may lower a score, nor load a profile.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [{cri}.cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{self._conf("cni")}"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": GATEWAY,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.credentials.ca)},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.control_group}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "resolvConf": str(self._conf("resolv.conf")),
            "clusterDNS": [GATEWAY],
            "clusterDomain": "cluster.local",
            "podLogsDir": str(self.pod_logs),
            "volumePluginDir": f"{self.state}/volume-plugins",
            # A full disk is not what the tests are about.
            "evictionHard": {"memory.available": "50Mi"},
            "imageGCHighThresholdPercent": 100,
            # Nothing here waits longer than it must.
            "syncFrequency": "5s",
            "nodeStatusUpdateFrequency": "2s",
            "nodeLeaseDurationSeconds": 10,
        }

    def _proxy(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(self.credentials.kubeconfig("proxy"))},
            "mode": "iptables",
            "clusterCIDR": PODS,
            "hostnameOverride": NODE,
            "bindAddress": GATEWAY,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            # These are of the whole machine.
            "conntrack": {
                "maxPerCore": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        }

    def _names(self) -> str:
        """Two blocks: in one, `template` would answer before `kubernetes`, whatever their order."""
        return f"""
cluster.local in-addr.arpa {{
  bind {GATEWAY}
  errors
  ready 127.0.0.1:8181
  kubernetes {{
    kubeconfig {self.credentials.kubeconfig("admin")}
  }}
}}
. {{
  bind {GATEWAY}
  errors
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""
