"""One `ray start` by hand: its arguments and its process."""

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
    """Arguments, environment and the GCS address of a head with 0 cpus."""
    gcs = held.take()
    arguments = [
        "--head",
        f"--port={gcs}",
        f"--ray-client-server-port={held.take()}",
        f"--dashboard-port={held.take()}",
        "--dashboard-host=127.0.0.1",
        "--num-cpus=0",
        *_common(host, held),
    ]
    if not dashboard:
        arguments.append("--include-dashboard=false")
    # Fixed numbers otherwise, and only an environment can set them.
    environment = {
        "AUTOSCALER_METRIC_PORT": str(held.take()),
        "DASHBOARD_METRIC_PORT": str(held.take()),
    }
    return arguments, environment, f"{host}:{gcs}"


def worker_arguments(host: str, held: HeldPorts, gcs: str, cpus: int) -> list[str]:
    """Arguments of a worker that joins the GCS at that address."""
    return [f"--address={gcs}", f"--num-cpus={cpus}", *_common(host, held)]


def _common(host: str, held: HeldPorts) -> list[str]:
    return [
        f"--node-ip-address={host}",
        "--num-gpus=0",
        f"--object-store-memory={OBJECT_STORE_BYTES}",
        f"--node-manager-port={held.take()}",
        f"--object-manager-port={held.take()}",
        f"--dashboard-agent-listen-port={held.take()}",
        f"--dashboard-agent-grpc-port={held.take()}",
        f"--runtime-env-agent-port={held.take()}",
        f"--metrics-export-port={held.take()}",
        "--min-worker-port=0",
        "--max-worker-port=0",
    ]


class HandNode:
    """A running `ray start --block` with a temp directory of its own."""

    def __init__(
        self, name: str, arguments: list[str], environment: dict[str, str], directory: str
    ) -> None:
        Path(directory).mkdir(mode=0o700, parents=True)
        self.name = name
        self._directory = directory
        self._output = Path(directory) / "ray.out"
        # An immediate end when told so: by default SIGTERM drains for up to 30 s.
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
        """Raise with the output's tail when the command has ended."""
        code = self._process.poll()
        if code is not None:
            tail = self._output.read_text(errors="replace").splitlines()[-TAIL_LINES:]
            raise RuntimeError(f"{self.name} exited with code {code}:\n" + "\n".join(tail))

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def remove_directory(self) -> None:
        """Remove the temp directory: Ray leaves it."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def wait(self, grace_s: float) -> None:
        """Wait for its end; after the grace it is killed."""
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
