"""Compares how fast RayOnSpark and its alternatives move data between Spark and Ray.

Each Spark application runs in a fresh process, with equal data on both sides; in it, the
contestants alternate. Prints tables and, as the last line, one JSON object. Linux only: reads
memory from /proc.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyspark
from cluster.hosts import obstacle
from exchanges.contestant import CONTESTANTS, OURS
from exchanges.frame import FRAMES
from exchanges.report import Measured, Report
from exchanges.request import ExchangeRequest
from starts import machine, process_tree, runner

TIMEOUT_S = 1800.0
SPEED_SCENARIOS = ("local-2", "cluster-2")
PURPOSES = ("speed", "scaling", "memory", "locality")
ABSENT = ("to_ray/arrow", "to_spark/arrow") if pyspark.__version__.startswith("3.") else ()
"""Spark 3.5 neither accepts nor returns Arrow tables."""
SIZES = (2, 4)
"""Multiples of the data, besides the 1 x that `speed` measures."""


def main() -> int:
    """Measure what the arguments request; return 1 if an exchange failed."""
    options = _options()
    process_tree.become_subreaper()
    about = {**machine.describe(), "rounds": options.rounds, "partitions": options.partitions}
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    measured = []
    for request in _requests(options):
        result = runner.run(request, "exchanges.one_run", TIMEOUT_S)
        one = Measured(request, {"runs": [], **result})
        measured.append(one)
        print(_progress(one), file=sys.stderr, flush=True)
    report = Report(measured)
    print(report.table())
    line = json.dumps({"machine": about, **report.to_dict()})
    if options.json:
        Path(options.json).write_text(line + "\n")
    print(line)
    return 1 if any(one.failed for one in measured) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="the first is cold (default: 6)")
    parser.add_argument(
        "--rows", type=float, default=1.0, help="factor of all row counts (default: 1)"
    )
    parser.add_argument("--partitions", type=int, default=8, help="of each frame (default: 8)")
    parser.add_argument("--object-store-mib", type=int, default=2048, help="default: %(default)s")
    for option, known in (
        ("--only", tuple(CONTESTANTS)),
        ("--frames", tuple(FRAMES)),
        ("--scenarios", SPEED_SCENARIOS),
        ("--purposes", PURPOSES),
    ):
        parser.add_argument(
            option, nargs="+", choices=known, default=known, metavar="NAME", help=" ".join(known)
        )
    parser.add_argument("--json", metavar="FILE", help="also write the JSON object to this file")
    return parser.parse_args()


def _requests(options: argparse.Namespace) -> Iterator[ExchangeRequest]:
    def request(
        purpose: str, scenario: str, frame: str, contestants: tuple[str, ...], size: int = 1
    ) -> ExchangeRequest:
        return ExchangeRequest(
            scenario=scenario,
            frame=frame,
            rows=round(FRAMES[frame].rows * options.rows * size),
            partitions=options.partitions * size,
            rounds=options.rounds,
            contestants=contestants,
            object_store_mib=options.object_store_mib,
            purpose=purpose,
        )

    only = tuple(name for name in options.only if name not in ABSENT)
    ours = tuple(name for name in only if name in OURS)
    if "speed" in options.purposes:
        for scenario in options.scenarios:
            for frame in options.frames:
                yield request("speed", scenario, frame, only)
    if "scaling" in options.purposes and ours:
        yield from (request("scaling", "local-2", "mixed", ours, size) for size in SIZES)
        yield request("scaling", "cluster-1", "mixed", ours)
    if "memory" in options.purposes and ours:
        # Two executors, so that cached data is not in the driver's process.
        yield from (request("memory", "cluster-2", "mixed", ours, size) for size in (1, SIZES[-1]))
    if "locality" in options.purposes and ours:
        if (why := obstacle()) is not None:
            print(f"hosts-2 is not measured: {why}.", flush=True)
        else:
            yield request("locality", "hosts-2", "mixed", ours)


def _progress(one: Measured) -> str:
    request = one.request
    name = f"{request.purpose} {request.label} {request.size:g}x"
    times = ", ".join(f"{run['contestant']} {run['seconds']:.2f}" for run in one.result["runs"])
    if one.failed:
        return f"{name}: {one.result['error']} after {times}\n{one.result.get('output', '')}"
    return f"{name}: {times}"


if __name__ == "__main__":
    raise SystemExit(main())
