"""A driver in a pod: its dashboard, and its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from cluster.leftovers import Leftovers, eventually
from cluster.program import Program

from .cluster import Kubernetes
from .conftest import WITHIN_S

WAITS = """
import socket, time
from rayonspark import OrcaContext, init_orca_context
init_orca_context("k8s-cluster", master={master!r}, cores=1, memory="512m", num_nodes=2,
                  driver_memory="512m", object_store_memory="100m", init_ray_on_spark=True,
                  conf={{"spark.rayonspark.dashboard": "true",
                        "spark.rayonspark.ports": "dashboard={port}"}})
# The test must not connect earlier: a port-forward ends when nothing listens.
while True:
    try:
        socket.create_connection(("127.0.0.1", {port})).close()
        break
    except OSError:
        time.sleep(0.2)
print("TEST", OrcaContext.get_ray_context().cluster.env["RAY_AUTH_TOKEN"], flush=True)
time.sleep(600)
"""
DASHBOARD = 8265
ASKS = """
import sys, urllib.request
url, token = sys.argv[1:]
asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
print(urllib.request.urlopen(asked, timeout=10).status)
"""


def test_a_driver_in_a_pod_has_a_dashboard_and_its_deletion_ends_everything(
    kubernetes: Kubernetes,
    run_program: Callable[..., Program],
    leaves_nothing_behind: Leftovers,
) -> None:
    script = kubernetes.shared / "waits.py"
    script.write_text(WAITS.format(master=f"k8s://{kubernetes.url}", port=DASHBOARD))
    program = run_program(sys.executable, str(script))
    token = program.line(180)
    (driver,) = kubernetes.get("pods", selector="spark-role=driver")
    assert_dashboard(kubernetes, run_program, driver["metadata"]["name"], token)
    hosts = {driver["status"]["podIP"]}
    hosts |= {
        pod["status"]["podIP"] for pod in kubernetes.get("pods", selector="spark-role=executor")
    }
    assert len(hosts) == 3

    kubernetes.kubectl("delete", "pod", driver["metadata"]["name"], "--wait=false")

    leaves_nothing_behind.assert_none(30 + WITHIN_S)
    assert program.wait() == 1
    assert "was deleted, and its executors with it." in program.text()


def assert_dashboard(
    kubernetes: Kubernetes, run_program: Callable[..., Program], pod: str, token: str
) -> None:
    """Assert that the dashboard answers requests with the token through a forwarded port."""
    port = f"{DASHBOARD}:{DASHBOARD}"
    forward = run_program(*kubernetes.kubectl_words(), "port-forward", f"pod/{pod}", port)
    url = f"http://127.0.0.1:{DASHBOARD}/api/jobs/"
    words = kubernetes.inside(sys.executable, "-c", ASKS, url, token)

    def answers() -> bool:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.stdout == "200\n"

    assert eventually(answers, 90), forward.text()
    forward.process.terminate()
    forward.wait()
