"""The largest resident memory that processes have had, as the kernel keeps it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RESET_PEAK = "5"
"""To /proc/<pid>/clear_refs: the peak starts again from what is resident now; proc(5)."""


class DriverPeaks:
    """The two processes of a driver, Python and its JVM, since this was made."""

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
        """Bytes at the beginning and at most, for each process."""
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
