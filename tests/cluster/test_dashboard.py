"""Ray's dashboard: on where nothing else is said, for this machine alone, behind the token."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import psutil
import pytest
from pyspark.sql import SparkSession
from rayonspark import RayCluster, configure_spark

from .leftovers import Leftovers, eventually, none_left

UP_WITHIN_S = 90.0
JOB_LIMIT_S = 150.0


# The tests share a cluster: it must be gone when the last of them has ended.
leaves_nothing_behind = pytest.fixture(scope="module", autouse=True)(none_left)


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def cluster(leaves_nothing_behind: Leftovers, port: int) -> Iterator[RayCluster]:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = configure_spark(builder).getOrCreate()
    try:
        with RayCluster.start(
            spark, object_store_memory="100m", connect=False, dashboard_port=port
        ) as started:
            yield started
    finally:
        spark.stop()


def status(url: str, token: str | None = None) -> int | None:
    """The status of an answer; None while nobody answers."""
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


def test_the_start_does_not_wait_for_it_and_names_its_address(
    cluster: RayCluster, port: int
) -> None:
    assert cluster.state == "running"
    assert cluster.address_info["webui_url"] == f"127.0.0.1:{port}"


def test_only_the_token_opens_it(cluster: RayCluster, port: int) -> None:
    url = f"http://127.0.0.1:{port}/api/jobs/"
    token = cluster.env["RAY_AUTH_TOKEN"]
    assert eventually(lambda: status(url, token) == 200, UP_WITHIN_S)
    assert status(url) == 401
    assert status(url, "0" * len(token)) in (401, 403)


def test_it_listens_on_loopback_alone(cluster: RayCluster, port: int) -> None:
    there = [
        connection.laddr.ip
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert set(there) == {"127.0.0.1"}


def test_ray_job_reaches_the_cluster_with_its_environment(cluster: RayCluster, port: int) -> None:
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
