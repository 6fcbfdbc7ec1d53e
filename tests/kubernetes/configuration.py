"""The configuration files of a cluster's components."""

from __future__ import annotations

import json
from typing import Any

from .components import CONTAINERD, PODS, Components
from .credentials import NODE
from .image import PAUSE
from .machine import CNI_PLUGINS
from .namespaces import BRIDGE, GATEWAY


def write(of: Components) -> None:
    """Write all files."""
    of.kubelet.mkdir(parents=True)
    of.conf("cni").mkdir(parents=True)
    of.conf("resolv.conf").touch()
    of.conf("containerd.toml").write_text(_containerd(of))
    of.conf("cni/bridge.conflist").write_text(json.dumps(_network(of)))
    of.conf("kubelet.json").write_text(json.dumps(_kubelet(of)))
    of.conf("proxy.json").write_text(json.dumps(_proxy(of)))
    of.conf("Corefile").write_text(_names(of))


def _network(of: Components) -> dict[str, Any]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": PODS}]],
        "dataDir": f"{of.state}/addresses",
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


def _containerd(of: Components) -> str:
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""
version = 2
root = "{of.state}/containerd"
state = "/run/containerd"
[grpc]
  address = "{CONTAINERD}"
[{cri}]
  sandbox_image = "{PAUSE}"
  # Not every root user may lower an OOM score or load an AppArmor profile.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [{cri}.cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{of.conf("cni")}"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


def _kubelet(of: Components) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": GATEWAY,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(of.credentials.ca)},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{of.control_group}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "resolvConf": str(of.conf("resolv.conf")),
        "clusterDNS": [GATEWAY],
        "clusterDomain": "cluster.local",
        "podLogsDir": str(of.pod_logs),
        "volumePluginDir": f"{of.state}/volume-plugins",
        # The tests are not about full disks.
        "evictionHard": {"memory.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
        # Waits are as short as possible.
        "syncFrequency": "5s",
        "nodeStatusUpdateFrequency": "2s",
        "nodeLeaseDurationSeconds": 10,
    }


def _proxy(of: Components) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(of.credentials.kubeconfig("proxy"))},
        "mode": "iptables",
        "clusterCIDR": PODS,
        "hostnameOverride": NODE,
        "bindAddress": GATEWAY,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # Zero keeps these settings of the whole machine.
        "conntrack": {
            "maxPerCore": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def _names(of: Components) -> str:
    """Two blocks: in one, `template` would answer before `kubernetes`, in whatever order."""
    return f"""
cluster.local in-addr.arpa {{
  bind {GATEWAY}
  errors
  ready 127.0.0.1:8181
  kubernetes {{
    kubeconfig {of.credentials.kubeconfig("admin")}
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
