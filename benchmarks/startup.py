"""Compares how fast Ray starts next to Spark: RayOnSpark, the peer, by hand, and plain Ray.

Each start runs in a fresh process with a warm Spark session; the contestants alternate. Prints a
table and, as the last line, one JSON object. Linux only: finds processes through /proc.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from starts import machine, process_tree, runner
from starts.contestant import CONTESTANTS
from starts.report import Measured, Report
from starts.request import KUBERNETES_MASTER, StartRequest

SLOTS_NODES = 2
CONTAINER_NODES = 2


def main() -> int:
    """Measure what the arguments request; return 1 if a start failed."""
    options = _options()
    process_tree.become_subreaper()
    about = {**machine.describe(), "dashboard": options.dashboard, "runs": options.runs}
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    measured = []
    for request in _requests(options):
        one = Measured(request, runner.run(request))
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
    parser.add_argument("--runs", type=int, default=3, help="rounds; medians need 3 (default: 3)")
    parser.add_argument("--nodes", type=_numbers, default=(2, 4), help="executors (default: 2,4)")
    parser.add_argument(
        "--only", type=_names, default=tuple(CONTESTANTS), help=f"of {','.join(CONTESTANTS)}"
    )
    parser.add_argument(
        "--scenarios",
        type=_scenarios,
        default=tuple(name for name in _SCENARIOS if _CLUSTER_OF.get(name, "HOME") in os.environ),
        help=f"of {','.join(_SCENARIOS)} (default: all for which the environment names a cluster)",
    )
    parser.add_argument(
        "--dashboard", choices=("on", "off"), default="on", help="for all contestants"
    )
    parser.add_argument(
        "--peer-slots",
        action="store_true",
        help="also time the peer's error when there are no slots, about 150 s",
    )
    parser.add_argument("--json", metavar="FILE", help="also write the JSON object to this file")
    return parser.parse_args()


_SCENARIOS = {
    "cluster": ("rayonspark", "peer", "hand"),
    "yarn": ("rayonspark", "hand"),
    # No one starts nodes in pods by hand, and the peer refuses to.
    "k8s": ("rayonspark",),
    "local": ("rayonspark", "plain"),
    "slots": ("rayonspark", "peer"),
}
"""Scenario -> contestants that can take part in it."""

_CLUSTER_OF = {"yarn": "HADOOP_CONF_DIR", "k8s": KUBERNETES_MASTER}
"""Scenario -> the environment variable that names its cluster."""


def _requests(options: argparse.Namespace) -> Iterator[StartRequest]:
    """Yield rounds over all scenarios; the order rotates, so that no contestant is always first."""
    sizes = {"cluster": options.nodes, "local": (0,), "slots": (SLOTS_NODES,)}
    sizes |= dict.fromkeys(_CLUSTER_OF, (CONTAINER_NODES,))
    for round_number in range(options.runs):
        for scenario in options.scenarios:
            names = [name for name in _SCENARIOS[scenario] if name in options.only]
            if scenario == "slots" and not options.peer_slots:
                names = [name for name in names if name != "peer"]
            first = round_number % max(len(names), 1)
            for nodes, name in itertools.product(sizes[scenario], names[first:] + names[:first]):
                yield StartRequest(
                    scenario=scenario,
                    contestant=name,
                    nodes=nodes,
                    dashboard=options.dashboard == "on",
                    scratch="",
                )


def _progress(one: Measured) -> str:
    name = f"{one.request.label} {one.request.contestant}"
    if one.failed:
        return f"{name}: {one.result.get('error')}\n{one.result.get('output', '')}"
    times = ", ".join(f"{k} {v:.2f}" for k, v in one.result.items() if isinstance(v, float))
    return f"{name}: {times}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return _known(text, tuple(CONTESTANTS))


def _scenarios(text: str) -> tuple[str, ...]:
    return _known(text, tuple(_SCENARIOS))


def _known(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
    return names


if __name__ == "__main__":
    raise SystemExit(main())
