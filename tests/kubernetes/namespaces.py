"""Namespaces of a cluster's own: with their first process ends all that is in them."""

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
"""The only address of this machine in the namespace; the pods' are beside it."""

PREFIX_LENGTH = 24

_PRIVATE = ("/run", "/var/log", "/var/lib/cni")
"""Where containerd, CNI and the kubelet write whatever they are told."""

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
    """Of processes, mounts and the network.

    The kernel ends all processes of a process namespace with its first one, the mounts and the
    network with the last of those; the first one ends with the thread that started it.

        the tests ─┬─ unshare ── pause (1) ── shims of containers ── pods' processes
                   └─ nsenter ── a daemon

    Containers' processes are seen from outside, by other process ids.
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
                # A signal to the tests is not for it.
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
        # Only after all else, the mounts too, unshare becomes the program.
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

    def network(self, *argv: str) -> list[str]:
        """Words that run a command in this network, with the machine's files and processes."""
        return ["nsenter", f"--net=/proc/{self.first}/ns/net", "--", *argv]

    def all(self, *argv: str) -> list[str]:
        """Words that run a command as a child of its own in all of these namespaces."""
        return ["nsenter", f"--target={self.first}", "--pid", "--mount", "--net", "--", *argv]

    def prepare(self, directory: Path) -> None:
        """Bring the network up, and keep from the machine what is written for all of it."""
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
        """Have a file or directory be somewhere else, too, for what runs in them."""
        if path.is_dir():
            self._run("mkdir", "-p", place)
        self._run("mount", "--bind", str(path), place)

    def _run(self, *argv: str) -> None:
        subprocess.run(self.all(*argv), check=True)

    def stop(self) -> None:
        """End everything in them; when this returns, it has ended."""
        if self.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first, 9)
        else:
            self._process.kill()
        self._process.wait(STOP_LIMIT_S)
