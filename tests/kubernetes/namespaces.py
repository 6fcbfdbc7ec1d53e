"""The namespaces of a cluster: everything in them ends with their first process."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import psutil
from cluster.leftovers import eventually

from .machine import BINARIES

START_LIMIT_S = 20.0
STOP_LIMIT_S = 20.0

BRIDGE = "cni0"
GATEWAY = "10.244.0.1"
"""This machine's only address in the network; the pods' addresses are in the same subnet."""

PREFIX_LENGTH = 24

_PRIVATE = ("/run", "/var/log", "/var/lib/cni")
"""Where containerd, CNI and the kubelet write, whatever their configuration says."""

_SYSCTLS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
"""What the kubelet sets for the whole machine."""


class Namespaces:
    """Namespaces of processes, mounts and the network.

    The kernel ends all processes of a process namespace with the first one. The mounts and the
    network end with the last of these processes. The first one ends with the thread that started
    it.

        the tests ─┬─ unshare ── pause (1) ── shims of containers ── pods' processes
                   └─ nsenter ── a daemon

    The processes of containers are visible from outside, under other process ids.
    """

    def __init__(self, log: Path) -> None:
        unshare = ["unshare", "--pid", "--mount", "--net", "--fork", "--kill-child", "--mount-proc"]
        self._pause = (BINARIES / "pause").resolve()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *unshare, str(self._pause)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A signal to the tests must not reach it.
                start_new_session=True,
            )
        self.first: int = 0
        """The process id of `pause`."""
        try:
            assert eventually(self._started, START_LIMIT_S), log.read_text()
        except BaseException:
            self.stop()
            raise

    def _started(self) -> bool:
        # unshare becomes the program only after everything else, the mounts included, is done.
        if self._process.poll() is not None:
            return False
        with contextlib.suppress(OSError, psutil.Error):
            for child in psutil.Process(self._process.pid).children():
                if self.is_pause(child.pid):
                    self.first = child.pid
        return self.first != 0

    def is_pause(self, pid: int) -> bool:
        """Whether a process only holds namespaces: of the cluster, or of a pod."""
        with contextlib.suppress(OSError):
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            return program in (self._pause.name, "pause")
        return False

    def reaches(self, pid: int) -> bool:
        """Whether a process is in this network."""
        return self._shares(pid, "net")

    def is_visitor(self, pid: int) -> bool:
        """Whether a process has entered only the network, and its children will do the same."""
        return self.reaches(pid) and not self._shares(pid, "pid", of="pid_for_children")

    def _shares(self, pid: int, kind: str, *, of: str | None = None) -> bool:
        with contextlib.suppress(OSError):
            ours = os.readlink(f"/proc/{self.first}/ns/{kind}")
            return os.readlink(f"/proc/{pid}/ns/{of or kind}") == ours
        return False

    def network(self, *argv: str) -> list[str]:
        """The words that run a command in this network, with the machine's files and processes."""
        return ["nsenter", f"--net=/proc/{self.first}/ns/net", "--", *argv]

    def all(self, *argv: str) -> list[str]:
        """The words that run a command as a child of `nsenter`, in all of these namespaces."""
        return ["nsenter", f"--target={self.first}", "--pid", "--mount", "--net", "--", *argv]

    def prepare(self, directory: Path) -> None:
        """Bring up the network, and keep components' machine-wide writes inside the namespaces."""
        for place in _PRIVATE:
            Path(place).mkdir(parents=True, exist_ok=True)
            self._run("mount", "-t", "tmpfs", "tmpfs", place)
        for name in _SYSCTLS:
            copy = directory / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(Path("/proc/sys", name).read_text())
            self.bind(copy, f"/proc/sys/{name}")
        self._run("ip", "link", "set", "lo", "up")
        self._run("ip", "link", "add", BRIDGE, "type", "bridge")
        self._run("ip", "address", "add", f"{GATEWAY}/{PREFIX_LENGTH}", "dev", BRIDGE)
        self._run("ip", "link", "set", BRIDGE, "up")

    def bind(self, path: Path, place: str) -> None:
        """Bind a file or directory to a second place, for processes in the namespaces."""
        if path.is_dir():
            self._run("mkdir", "-p", place)
        self._run("mount", "--bind", str(path), place)

    def _run(self, *argv: str) -> None:
        subprocess.run(self.all(*argv), check=True)

    def stop(self) -> None:
        """End everything in the namespaces, and wait for its end."""
        if self.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first, 9)
        else:
            self._process.kill()
        self._process.wait(STOP_LIMIT_S)
