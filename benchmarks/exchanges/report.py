"""Turns results into tables, verdicts and one JSON object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from exchanges.contestant import OURS
from exchanges.request import MIB, ExchangeRequest
from exchanges.target import TARGETS, Medians

SPEED_HEADER = (
    f"{'frame and Spark':<18}{'contestant':<22}{'first':>8}{'n':>3}"
    f"{'warm':>8}{'min':>8}{'max':>8}{'ours/it':>9}"
)
SCALING_HEADER = f"{'frame and Spark':<18}{'contestant':<22}{'size':>6}{'warm':>8}{'s per 1x':>10}"
LOCALITY_HEADER = f"{'frame and Spark':<18}{'contestant':<22}{'warm':>8}{'local share':>13}"
MEMORY_HEADER = (
    f"{'frame and Spark':<18}{'process':<10}{'size':>6}{'Arrow MiB':>11}"
    f"{'before MiB':>12}{'peak MiB':>10}{'grew MiB':>10}"
)


@dataclass(frozen=True)
class Measured:
    """One measured process and its result."""

    request: ExchangeRequest
    result: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether an error ended it early."""
        return "error" in self.result

    def seconds(self, contestant: str, *, warm: bool) -> list[float]:
        """Return the times of a contestant: of its first call, or of the warm calls after it."""
        return [
            run["seconds"]
            for run in self.result["runs"]
            if run["contestant"] == contestant and (run["round"] > 0) == warm
        ]


class Report:
    """All processes of one run."""

    def __init__(self, measured: Iterable[Measured]) -> None:
        self._measured = list(measured)

    def table(self) -> str:
        """Return speed, phases, scaling, locality, memory, failures and targets as text."""
        medians = self._medians()
        lines = [
            *("warm medians in seconds", SPEED_HEADER, *self._speed(medians)),
            *("", "phases of RayOnSpark: the last warm exchange", *self._phases()),
            *("", "scaling", SCALING_HEADER, *self._scaling()),
            *("", "two executors, a Ray node next to one of them", LOCALITY_HEADER),
            *self._locality(),
            *("", "resident memory of the driver", MEMORY_HEADER, *self._memory()),
            *("", *self._failures(), "targets:"),
            *(f"  {target.text:<48} {target.verdict(medians)}" for target in TARGETS),
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Medians, verdicts and every single exchange."""
        medians = self._medians()
        return {
            "medians_s": {" ".join(key): round(value, 3) for key, value in medians.items()},
            "targets": [
                {"target": t.text, "value": t.value(medians), "verdict": t.verdict(medians)}
                for t in TARGETS
            ],
            "processes": [asdict(one.request) | one.result for one in self._measured],
        }

    def _of(self, *purposes: str) -> Iterator[Measured]:
        return (one for one in self._measured if one.request.purpose in purposes)

    def _medians(self) -> Medians:
        return {
            (one.request.label, name): median(times)
            for one in self._of("speed")
            for name in one.request.contestants
            if (times := one.seconds(name, warm=True))
        }

    def _speed(self, medians: Medians) -> Iterator[str]:
        for one in self._of("speed"):
            label = one.request.label
            for name in one.request.contestants:
                first, warm = one.seconds(name, warm=False), one.seconds(name, warm=True)
                if not warm:
                    continue
                ours = medians.get((label, f"{name.partition('/')[0]}/rayonspark"))
                ratio = "-" if ours is None else f"{ours / median(warm):.2f}"
                yield (
                    f"{label:<18}{name:<22}{first[0]:8.2f}{len(warm):>3}"
                    f"{median(warm):8.2f}{min(warm):8.2f}{max(warm):8.2f}{ratio:>9}"
                )

    def _phases(self) -> Iterator[str]:
        for one in self._measured:
            for name in OURS:
                exchanges = [
                    run["exchange"] for run in one.result["runs"] if run["contestant"] == name
                ]
                if exchanges:
                    size = f"{one.request.size:g}x"
                    values = ", ".join(f"{k} {_short(v)}" for k, v in exchanges[-1].items())
                    yield f"  {one.request.label} {size} {name}: {values}"

    def _scaling(self) -> Iterator[str]:
        for one in self._of("speed", "scaling"):
            for name in OURS:
                if times := one.seconds(name, warm=True):
                    size, warm = one.request.size, median(times)
                    yield (
                        f"{one.request.label:<18}{name:<22}{f'{size:g}x':>6}"
                        f"{warm:8.2f}{warm / size:10.2f}"
                    )

    def _locality(self) -> Iterator[str]:
        for one in self._of("locality"):
            for name in OURS:
                shares = [
                    run["exchange"]["local_share"]
                    for run in one.result["runs"]
                    if run["contestant"] == name and run["round"] > 0
                ]
                if shares:
                    yield (
                        f"{one.request.label:<18}{name:<22}"
                        f"{median(one.seconds(name, warm=True)):8.2f}{median(shares):13.2f}"
                    )

    def _memory(self) -> Iterator[str]:
        for one in self._of("memory"):
            for process, memory in one.result.get("driver", {}).items():
                before, peak = memory["before"] / MIB, memory["peak"] / MIB
                data = one.result.get("arrow_bytes", 0) / MIB
                yield (
                    f"{one.request.label:<18}{process:<10}{f'{one.request.size:g}x':>6}"
                    f"{data:11.0f}{before:12.0f}{peak:10.0f}{peak - before:10.0f}"
                )

    def _failures(self) -> list[str]:
        return [
            f"FAILED {one.request.label} {one.request.purpose}: {one.result['error']}"
            for one in self._measured
            if one.failed
        ]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} {_short(v)}" for k, v in value.items()) + "}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
