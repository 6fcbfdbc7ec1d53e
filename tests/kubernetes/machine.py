"""What a machine must have for a Kubernetes of its own.

python -m kubernetes.machine    exit status 0 if it has all of it; otherwise it says what it lacks
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
BINARIES = CHECKOUT / "target/kubernetes"
"""Where tools/kubernetes.sh has linked what it built."""

CNI_PLUGINS = Path("/usr/lib/cni")
"""Where Debian has them; the kernel's own tools are on the path."""

_COMMANDS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "openssl": "openssl",
    "mount": "mount",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
"""By Debian's package."""

_CGROUPS = Path("/sys/fs/cgroup")


def unable() -> str | None:
    """Why no cluster can run on this machine, and what to do about it."""
    if os.geteuid() != 0:
        return "A Kubernetes node needs root. Run the tests as root, in a container if need be."
    lacking = [package for command, package in _COMMANDS.items() if not shutil.which(command)]
    if not (CNI_PLUGINS / "bridge").exists():
        lacking.append("containernetworking-plugins")
    if lacking:
        packages = " ".join(sorted(set(lacking)))
        return f"A Kubernetes node needs more programs. apt-get install {packages}"
    namespaces = ["unshare", "--pid", "--mount", "--net", "--fork", "true"]
    refused = subprocess.run(namespaces, capture_output=True, text=True, check=False)
    if refused.returncode:
        return f"No namespaces can be made here: {refused.stderr.strip()}. Allow CAP_SYS_ADMIN."
    if not hierarchies() or not all(os.access(root, os.W_OK) for root in hierarchies()):
        return f"No control groups can be made below {_CGROUPS}. Mount them writable."
    if not (BINARIES / "kubelet").exists() and not shutil.which("go"):
        return "There is no Go to build Kubernetes with. Install Go 1.24 or newer."
    return None


def hierarchies() -> list[Path]:
    """The roots of this machine's control groups: one, or with version 1 one for each controller.

    A path with a link in it (cpu → cpu,cpuacct) is not another hierarchy.
    """
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return sorted(
        root for root in _CGROUPS.glob("*") if (root / "tasks").exists() and not root.is_symlink()
    )


def main() -> int:
    reason = unable()
    if reason:
        print(f"The tests on Kubernetes are left out. {reason}", file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    raise SystemExit(main())
