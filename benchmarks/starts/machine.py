"""Describes the machine and the versions of a measurement."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyspark
import rayonspark


def describe() -> dict[str, Any]:
    """Return CPUs, memory, load and versions; the load shows whether the machine was idle."""
    memory = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal:")
    )
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "java": _java(),
        "rayonspark": rayonspark.__version__,
        "ray": _version("ray"),
        # tools/with-spark.sh may put another pyspark before the installed one.
        "pyspark": pyspark.__version__,
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    command = f"{home}/bin/java" if home else "java"
    said = subprocess.run([command, "-version"], capture_output=True, text=True, check=True)
    return said.stderr.splitlines()[0]
