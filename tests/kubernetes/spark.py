"""How Spark finds its programs in a pod whose image has none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from cluster.spark_under_test import PYTHON_PATH, SPARK_HOME
from fast_jvm import class_path, options
from ray_workers import KEPT

from .image import IMAGE
from .machine import CHECKOUT
from .namespaces import GATEWAY

SERVICE_ACCOUNT = "spark"

_ENVIRONMENT = {"driver": "spark.kubernetes.driverEnv", "executor": "spark.executorEnv"}


def volumes(role: str, *more: Path) -> dict[str, str]:
    """Return Spark's settings of the mounts and environment of a driver's or an executor's pod.

    `more` are additional directories to mount. Each directory is mounted read-only at its own path.
    """
    java = Path(str(shutil.which("java"))).resolve().parents[1]
    machine = (Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), java)
    wanted = (*machine, CHECKOUT, SPARK_HOME.parent, *more)
    mounts = [p for p in dict.fromkeys(wanted) if not any(q in p.parents for q in wanted)]
    conf = {}
    for number, path in enumerate(mounts):
        key = f"spark.kubernetes.{role}.volumes.hostPath.machine-{number}"
        conf[f"{key}.mount.path"] = str(path)
        conf[f"{key}.mount.readOnly"] = "true"
        conf[f"{key}.options.path"] = str(path)
    environment = {
        "SPARK_HOME": str(SPARK_HOME),
        "JAVA_TOOL_OPTIONS": options(),
        KEPT[0]: KEPT[1],
    }
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
        # More pods must run than the machine has cores.
        "spark.kubernetes.driver.request.cores": "0.2",
        "spark.kubernetes.executor.request.cores": "0.2",
        "spark.driver.memory": "512m",
        "spark.driver.extraClassPath": class_path(SPARK_HOME),
        "spark.executor.extraClassPath": class_path(SPARK_HOME),
        "spark.ui.enabled": "false",
        "spark.rayonspark.dashboard": "false",
    }


def environment(directory: Path, conf: dict[str, str]) -> dict[str, str]:
    """Write spark-defaults.conf into a new directory, and return a client's variables."""
    directory.mkdir()
    rows = "".join(f"{key} {value}\n" for key, value in conf.items())
    (directory / "spark-defaults.conf").write_text(rows)
    return {
        "SPARK_CONF_DIR": str(directory),
        "SPARK_HOME": str(SPARK_HOME),
        # Not in the file: a driver in a pod would also take it from there, which Spark forbids.
        "SPARK_LOCAL_IP": GATEWAY,
        "SPARK_LOCAL_HOSTNAME": GATEWAY,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": PYTHON_PATH,
    }
