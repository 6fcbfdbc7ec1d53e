"""What a machine must have to run a Kubernetes.

python -m kubernetes.machine    exits with 0 if it has everything; otherwise it prints what it lacks
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
BINARIES = CHECKOUT / "target/kubernetes"
"""Where tools/kubernetes.sh links what it has built."""

CNI_PLUGINS = Path("/usr/lib/cni")
"""Where Debian installs them; the kernel's own tools are on the PATH."""

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
    "tini": "tini",
    "unshare": "util-linux",
}
"""Each command, and the Debian package that has it."""

_CGROUPS = Path("/sys/fs/cgroup")


def unable() -> str | None:
    """Return why no cluster can run on this machine, and what to do about it."""
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
    if not (BINARIES / "kubelet").exists() and not _has_go():
        return "There is no Go that builds Kubernetes. Install Go 1.24 or newer; 1.21 fetches it."
    return None


def _has_go() -> bool:
    if not shutil.which("go"):
        return False
    said = subprocess.run(["go", "version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"go1\.(\d+)", said)
    return version is not None and int(version[1]) >= 21


def hierarchies() -> list[Path]:
    """The roots of this machine's control groups: one, or with version 1, one per controller.

    A link (cpu → cpu,cpuacct) does not count. The one without a controller (unified) does, because
    runc uses it, too.
    """
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return sorted(
        root
        for root in _CGROUPS.glob("*")
        if (root / "cgroup.procs").exists() and not root.is_symlink()
    )


def main() -> int:
    reason = unable()
    if reason:
        print(f"The tests on Kubernetes are left out. {reason}", file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    raise SystemExit(main())
