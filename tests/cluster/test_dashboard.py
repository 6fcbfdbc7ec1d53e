"""Ray's dashboard: on by default, reachable only from this machine and with the token."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import psutil
import pytest
import ray
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark

from .leftovers import Leftovers, children_of, command_line, eventually, none_left

UP_WITHIN_S = 90.0
JOB_LIMIT_S = 150.0


# The tests share a cluster: it must be gone when the last of them has ended.
leaves_nothing_behind = pytest.fixture(scope="module", autouse=True)(none_left)


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ReportServer(HTTPServer):
    """Receives usage reports in place of Ray's developers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receive)
        self.received: queue.Queue[dict[str, object]] = queue.Queue()


class _Receive(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, ReportServer)
        self.server.received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def reports() -> Iterator[ReportServer]:
    with ReportServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def usage_env(reports: ReportServer) -> dict[str, str]:
    return {
        "RAY_USAGE_STATS_REPORT_URL": f"http://127.0.0.1:{reports.server_port}",
        "RAY_USAGE_STATS_REPORT_INTERVAL_S": "1",
    }


@pytest.fixture(scope="module")
def spark(leaves_nothing_behind: Leftovers) -> Iterator[SparkSession]:
    # Ray's default, which the driver would pass on to the head.
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
        yield from session()


def session() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    with configure_spark(builder).getOrCreate() as session:
        yield session


@pytest.fixture(scope="module")
def cluster(spark: SparkSession, port: int, usage_env: dict[str, str]) -> Iterator[RayCluster]:
    with RayCluster.start(
        spark, object_store_memory="100m", connect=False, dashboard_port=port, env=usage_env
    ) as started:
        yield started


def status(url: str, token: str | None = None) -> int | None:
    """The HTTP status of the response; None while no server responds."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=10
        ) as got:
            return int(got.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except (urllib.error.URLError, OSError):
        return None


def test_the_start_does_not_wait_for_the_dashboard_and_reports_its_address(
    cluster: RayCluster, port: int
) -> None:
    assert cluster.state == "running"
    assert cluster.address_info["webui_url"] == f"127.0.0.1:{port}"


def test_the_dashboard_requires_the_token(cluster: RayCluster, port: int) -> None:
    url = f"http://127.0.0.1:{port}/api/jobs/"
    token = cluster.env["RAY_AUTH_TOKEN"]
    assert eventually(lambda: status(url, token) == 200, UP_WITHIN_S)
    assert status(url) == 401
    assert status(url, "0" * len(token)) in (401, 403)


def test_no_ray_client_server_runs_unless_requested(cluster: RayCluster) -> None:
    # The dashboard is the last service that the head starts, and it is up.
    lines = [command_line(process) for process in children_of(cluster.nodes[0].pid)]
    assert any("dashboard" in line for line in lines), lines
    assert not any("ray.util.client.server" in line for line in lines)
    assert "client_server" not in cluster.nodes[0].ports


def test_the_dashboard_listens_only_on_loopback(cluster: RayCluster, port: int) -> None:
    there = [
        connection.laddr.ip
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert set(there) == {"127.0.0.1"}


def test_ray_job_reaches_the_cluster_with_its_environment_variables(
    cluster: RayCluster, port: int
) -> None:
    words = ["job", "submit", "--address", f"http://127.0.0.1:{port}", "--"]
    job = [sys.executable, "-c", "import ray; ray.init(); print('cpus', ray.cluster_resources())"]
    done = subprocess.run(
        [sys.executable, "-m", "ray.scripts.scripts", *words, *job],
        env=os.environ | cluster.env,
        capture_output=True,
        text=True,
        timeout=JOB_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done
    assert "'CPU': 2.0" in done.stdout, done
    assert "succeeded" in done.stdout, done


def test_nothing_is_reported_unless_usage_stats_is_on(
    spark: SparkSession,
    cluster: RayCluster,
    port: int,
    reports: ReportServer,
    usage_env: dict[str, str],
) -> None:
    # The reporter is part of the dashboard. If it is off, its only report comes when it starts.
    assert eventually(lambda: status(f"http://127.0.0.1:{port}/usage_stats_enabled"), UP_WITHIN_S)
    assert reports.received.empty()
    with RayCluster.start(
        spark,
        object_store_memory="100m",
        connect=False,
        dashboard=False,
        usage_stats=True,
        env=usage_env,
    ):
        report = reports.received.get(timeout=UP_WITHIN_S)
    assert report["ray_version"] == ray.__version__
    assert report["source"] is not None
