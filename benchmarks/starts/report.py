"""Turns results into a table, verdicts and one JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from starts.request import StartRequest
from starts.target import TARGETS, Medians

MEASURES = ("start_s", "first_tasks_s", "stop_call_s", "stop_s")
"""Until connected with all nodes alive; a task has run on each; stop has returned; all is gone."""

HEADER = (
    f"{'scenario':<11}{'contestant':<12}{'measure':<15}{'n':>3}"
    f"{'median':>9}{'min':>9}{'max':>9}{'ours/it':>9}"
)


@dataclass(frozen=True)
class Measured:
    """One start and its result."""

    request: StartRequest
    result: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether it ended differently from what its scenario expects."""
        if self.request.scenario == "slots":
            return not self.result.get("refused", False)
        return "error" in self.result


class Report:
    """All starts of one run."""

    def __init__(self, measured: Iterable[Measured]) -> None:
        self._measured = list(measured)

    def table(self) -> str:
        """Return rows of medians, minima, maxima and ratios to `rayonspark`, then the targets."""
        medians = self._medians()
        lines = [HEADER]
        for (label, contestant, measure), values in self._values().items():
            ours = medians.get((label, "rayonspark", measure))
            ratio = f"{ours / median(values):9.2f}" if ours is not None else f"{'-':>9}"
            lines.append(
                f"{label:<11}{contestant:<12}{measure:<15}{len(values):>3}"
                f"{median(values):9.2f}{min(values):9.2f}{max(values):9.2f}{ratio}"
            )
        lines += ["", *self._failures(), *self._left_behind(), "targets:"]
        lines += [f"  {target.text:<40} {target.judge(medians).text}" for target in TARGETS]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return medians, verdicts and every single start."""
        medians = self._medians()
        return {
            "medians_s": {" ".join(key): round(value, 3) for key, value in medians.items()},
            "targets": [
                {
                    "target": target.text,
                    "limit": target.limit,
                    "value": target.judge(medians).value,
                    "verdict": target.judge(medians).text,
                }
                for target in TARGETS
            ],
            "starts": [
                {"label": one.request.label, "contestant": one.request.contestant, **one.result}
                for one in self._measured
            ],
        }

    def _values(self) -> dict[tuple[str, str, str], list[float]]:
        values: dict[tuple[str, str, str], list[float]] = {}
        for one in sorted(self._measured, key=lambda one: one.request.label):
            measures = ("call_s",) if one.request.scenario == "slots" else MEASURES
            for measure in () if one.failed else measures:
                if measure in one.result:
                    key = (one.request.label, one.request.contestant, measure)
                    values.setdefault(key, []).append(one.result[measure])
        return values

    def _medians(self) -> Medians:
        return {key: median(values) for key, values in self._values().items()}

    def _failures(self) -> list[str]:
        return [
            f"FAILED {one.request.label} {one.request.contestant}: "
            f"{one.result.get('error', 'no error, but one was expected')}"
            for one in self._measured
            if one.failed
        ]

    def _left_behind(self) -> list[str]:
        """Return one line per contestant and scenario that left processes or files."""
        lines: dict[str, None] = {}  # a set that keeps its order
        for one in self._measured:
            processes = len(one.result.get("left_processes", []))
            files = len(one.result.get("left_files", []))
            if processes or files:
                name = f"{one.request.label} {one.request.contestant}"
                after = f"{one.result['left_after_s']:.0f} s after its stop was called"
                lines[f"left by {name}: {processes} processes, {files} files, {after}"] = None
        return list(lines)
