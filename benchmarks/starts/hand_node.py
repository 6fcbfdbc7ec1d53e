"""One manual `ray start`: its arguments and its process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from starts.ports import HeldPorts
from starts.request import OBJECT_STORE_BYTES

TAIL_LINES = 20


def head_arguments(
    host: str, held: HeldPorts, *, dashboard: bool
) -> tuple[list[str], dict[str, str], str]:
    """Return arguments, environment and GCS address of a head with 0 CPUs."""
    gcs = held.reserve()
    arguments = [
        "--head",
        f"--port={gcs}",
        f"--ray-client-server-port={held.reserve()}",
        f"--dashboard-port={held.reserve()}",
        "--dashboard-host=127.0.0.1",
        "--num-cpus=0",
        *_common(host, held),
    ]
    if not dashboard:
        arguments.append("--include-dashboard=false")
    # By default these ports are fixed, and only environment variables can change them.
    environment = {
        "AUTOSCALER_METRIC_PORT": str(held.reserve()),
        "DASHBOARD_METRIC_PORT": str(held.reserve()),
    }
    return arguments, environment, f"{host}:{gcs}"


def worker_arguments(host: str, held: HeldPorts, gcs: str, cpus: int) -> list[str]:
    """Return the arguments of a worker that joins the GCS at this address."""
    return [f"--address={gcs}", f"--num-cpus={cpus}", *_common(host, held)]


def _common(host: str, held: HeldPorts) -> list[str]:
    return [
        f"--node-ip-address={host}",
        "--num-gpus=0",
        f"--object-store-memory={OBJECT_STORE_BYTES}",
        f"--node-manager-port={held.reserve()}",
        f"--object-manager-port={held.reserve()}",
        f"--dashboard-agent-listen-port={held.reserve()}",
        f"--dashboard-agent-grpc-port={held.reserve()}",
        f"--runtime-env-agent-port={held.reserve()}",
        f"--metrics-export-port={held.reserve()}",
        "--min-worker-port=0",
        "--max-worker-port=0",
    ]


class HandNode:
    """A running `ray start --block` with its own temp directory."""

    def __init__(
        self, name: str, arguments: list[str], environment: dict[str, str], directory: str
    ) -> None:
        Path(directory).mkdir(mode=0o700, parents=True)
        self.name = name
        self._directory = directory
        self._output = Path(directory) / "ray.out"
        # End at once on SIGTERM: by default, Ray drains for up to 30 s.
        drain = {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0"}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block"),
                    *arguments,
                    f"--temp-dir={directory}",
                ],
                env={**os.environ, **drain, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check_running(self) -> None:
        """Raise an error with the last lines of output if the command has ended."""
        code = self._process.poll()
        if code is not None:
            tail = self._output.read_text(errors="replace").splitlines()[-TAIL_LINES:]
            raise RuntimeError(f"{self.name} exited with code {code}:\n" + "\n".join(tail))

    def terminate(self) -> None:
        """Send SIGTERM to the command."""
        self._process.terminate()

    def remove_directory(self) -> None:
        """Remove the temp directory, which Ray leaves behind."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def wait(self, grace_s: float) -> None:
        """Wait until the command ends; kill it after the grace period."""
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
