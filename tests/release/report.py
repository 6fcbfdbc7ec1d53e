"""The report of a user's program: one line of JSON among the output of Spark and Ray."""

from __future__ import annotations

import json
from typing import Any

PREFIX = "TEST "


def report_in(output: str) -> dict[str, Any]:
    lines = [line.partition(PREFIX)[2] for line in output.splitlines() if PREFIX in line]
    assert len(lines) == 1, f"expected one line with {PREFIX!r} in:\n{output}"
    return dict(json.loads(lines[0]))
