"""What all suites set for the programs that their tests start."""

from __future__ import annotations

import os

import fast_jvm
import ray_workers

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault(*ray_workers.KEPT)
os.environ.setdefault("JAVA_TOOL_OPTIONS", fast_jvm.options())
