"""Rounds of exchanges in a fresh process: `python -m exchanges.one_run REQUEST RESULT_FILE`."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from starts import process_tree

from exchanges import blocks
from exchanges.contestant import OURS, Contestant, Setting, load
from exchanges.frame import agree
from exchanges.peak import DriverPeaks
from exchanges.ray_to_spark import aggregate
from exchanges.request import ExchangeRequest
from exchanges.session import opened


def measure(request: ExchangeRequest) -> dict[str, Any]:
    """Time all rounds; an error becomes part of the result, and is never raised."""
    process_tree.become_subreaper()
    result: dict[str, Any] = {"load_1min": os.getloadavg()[0], "runs": []}
    try:
        with opened(request) as setting:
            _measure(request, setting, result)
    except Exception as error:  # the report shows whatever ends the rounds
        result["error"] = f"{type(error).__name__}: {error}"
        traceback.print_exc()
    return result


def _measure(request: ExchangeRequest, setting: Setting, result: dict[str, Any]) -> None:
    contestants = {name: load(name) for name in request.contestants}
    expected = aggregate(setting, setting.df)
    if setting.dataset is not None:
        result["arrow_bytes"] = setting.dataset.size_bytes()
        references = blocks.references_of(setting.dataset)
        _require(expected, blocks.checksum(references, setting.frame), "Ray's own rows")
    peaks = DriverPeaks(setting.spark)
    for number in range(request.rounds):
        # The directions alternate; the order rotates, so that no contestant is always first.
        for direction in ("to_ray", "to_spark"):
            names = [name for name in contestants if name.startswith(f"{direction}/")]
            first = number % max(len(names), 1)
            for name in names[first:] + names[:first]:
                run = _run(name, contestants[name], setting, expected)
                result["runs"].append({"contestant": name, "round": number, **run})
    result["driver"] = peaks.to_dict()


def _run(
    name: str, contestant: Contestant, setting: Setting, expected: list[float]
) -> dict[str, Any]:
    started = time.monotonic()
    outcome = contestant.run(setting)
    run: dict[str, Any] = {"seconds": time.monotonic() - started}
    try:
        checksum = contestant.checksum(setting, outcome)
        if not name.endswith("/noop"):
            _require(expected, checksum, name)
        if name in OURS:
            run["exchange"] = dataclasses.asdict(setting.cluster.last_exchange)
    finally:
        del outcome
        gc.collect()
        contestant.clean()
    return run


def _require(expected: list[float], got: list[float], whose: str) -> None:
    if not agree(expected, got):
        raise AssertionError(f"The checksum of {whose} is {got}, and Spark's is {expected}.")


if __name__ == "__main__":
    # The result goes to a file, because Spark and Ray write to stdout and stderr.
    Path(sys.argv[2]).write_text(json.dumps(measure(ExchangeRequest.from_json(sys.argv[1]))))
