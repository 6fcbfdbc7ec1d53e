"""The argument lists of a head and a worker on loopback, as a node plan would have them."""

import contextlib
import socket

HOST = "127.0.0.1"
_COMMON = (
    "node-manager-port",
    "object-manager-port",
    "dashboard-agent-listen-port",
    "dashboard-agent-grpc-port",
    "runtime-env-agent-port",
    "metrics-export-port",
)


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind((HOST, 0))
        return [held.getsockname()[1] for held in sockets]


def _node(directory, name, cpus):
    ports = [f"--{port}={n}" for port, n in zip(_COMMON, free_ports(len(_COMMON)), strict=True)]
    return [
        "start",
        "--block",
        f"--node-ip-address={HOST}",
        f"--node-name={name}",
        f"--temp-dir={directory}/r",
        f"--num-cpus={cpus}",
        "--object-store-memory=100000000",
        "--min-worker-port=0",
        "--max-worker-port=0",
        *ports,
    ]


def launch_head(node, *, log_directory):
    """Launches the node as a head; returns the address of its GCS."""
    gcs, unused, dashboard, autoscaler, metrics = free_ports(5)
    node.launch(
        [
            *_node(node.directory, "head-0", 0),
            "--head",
            f"--port={gcs}",
            f"--ray-client-server-port={unused}",
            f"--dashboard-port={dashboard}",
        ],
        environment={
            "AUTOSCALER_METRIC_PORT": str(autoscaler),
            "DASHBOARD_METRIC_PORT": str(metrics),
        },
        watch_gcs=f"{HOST}:{gcs}",
        log_directory=log_directory,
    )
    return f"{HOST}:{gcs}"


def launch_worker(node, address, *, log_directory):
    node.launch(
        [*_node(node.directory, "worker-0", 1), f"--address={address}"],
        log_directory=log_directory,
    )
