"""The peak resident memory of processes, as the kernel records it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RESET_PEAK = "5"
"""Written to /proc/<pid>/clear_refs, sets the peak to what is resident now; see proc(5)."""


class DriverPeaks:
    """Memory peaks of a driver's two processes, Python and its JVM, since this was created."""

    def __init__(self, spark: SparkSession) -> None:
        jvm = spark.sparkContext._jvm
        assert jvm is not None
        self._processes = {
            "python": os.getpid(),
            "jvm": int(jvm.java.lang.ProcessHandle.current().pid()),
        }
        for pid in self._processes.values():
            Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
        self._before = self._read()

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return the bytes at the beginning and at the peak, for each process."""
        return {
            name: {"before": self._before[name], "peak": peak}
            for name, peak in self._read().items()
        }

    def _read(self) -> dict[str, int]:
        return {name: _high_water_mark(pid) for name, pid in self._processes.items()}


def _high_water_mark(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"Process {pid} has no VmHWM in its status.")
