"""How Spark finds its programs in a pod of ours, whose image has none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pyspark

from .image import IMAGE
from .machine import CHECKOUT
from .namespaces import GATEWAY

SPARK_HOME = Path(pyspark.__file__).parent
SERVICE_ACCOUNT = "spark"

_ENVIRONMENT = {"driver": "spark.kubernetes.driverEnv", "executor": "spark.executorEnv"}


def volumes(role: str, *more: Path) -> dict[str, str]:
    """Spark's configuration of a pod's mounts and environment; the role is driver or executor.

    `more` are directories to mount besides. Each is mounted read-only where it is.
    """
    java = Path(str(shutil.which("java"))).resolve().parents[1]
    wanted = (Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), CHECKOUT, java, *more)
    mounts = [p for p in dict.fromkeys(wanted) if not any(q in p.parents for q in wanted)]
    conf = {}
    for number, path in enumerate(mounts):
        key = f"spark.kubernetes.{role}.volumes.hostPath.machine-{number}"
        conf[f"{key}.mount.path"] = str(path)
        conf[f"{key}.mount.readOnly"] = "true"
        conf[f"{key}.options.path"] = str(path)
    environment = {"SPARK_HOME": str(SPARK_HOME), "RAY_USAGE_STATS_ENABLED": "0"}
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = str(java)
    return conf | {f"{_ENVIRONMENT[role]}.{name}": text for name, text in environment.items()}


def defaults(*more: Path) -> dict[str, str]:
    """The spark-defaults.conf of a client, as an administrator would write it."""
    return {
        "spark.kubernetes.container.image": IMAGE,
        "spark.kubernetes.container.image.pullPolicy": "Never",
        "spark.kubernetes.authenticate.driver.serviceAccountName": SERVICE_ACCOUNT,
        **volumes("driver", *more),
        **volumes("executor", *more),
        "spark.pyspark.python": sys.executable,
        # More pods than the machine has cores are to run.
        "spark.kubernetes.driver.request.cores": "0.2",
        "spark.kubernetes.executor.request.cores": "0.2",
        "spark.driver.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.rayonspark.dashboard": "false",
    }


def environment(directory: Path, conf: dict[str, str]) -> dict[str, str]:
    """What a client has set, with this spark-defaults.conf in a directory of its own."""
    directory.mkdir()
    rows = "".join(f"{key} {value}\n" for key, value in conf.items())
    (directory / "spark-defaults.conf").write_text(rows)
    return {
        "SPARK_CONF_DIR": str(directory),
        "SPARK_HOME": str(SPARK_HOME),
        # Not in the file: from there a driver in a pod would have it too, which Spark forbids.
        "SPARK_LOCAL_IP": GATEWAY,
        "SPARK_LOCAL_HOSTNAME": GATEWAY,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(CHECKOUT / "python"),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
