"""The outcome of a cell, and a table of all outcomes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .cells import Cell

COLUMNS = ("cell", "Spark", "Scala", "Java", "Python", "Ray", "result", "seconds")


@dataclass(frozen=True)
class Outcome:
    cell: Cell
    result: str
    """"passed", "failed", or "not run: " and why."""
    seconds: float = 0.0
    found: dict[str, str] = field(default_factory=dict)
    """The versions that ran, as the program reported them; empty if it did not."""
    tail: str = ""
    """The end of its output, if it failed."""

    def row(self) -> tuple[str, ...]:
        build = self.cell.build
        wanted = {"spark": build.pyspark, "scala": build.scala, "ray": self.cell.ray}
        what = wanted | self.found
        ran = [what.get(name, "?") for name in ("spark", "scala", "java", "python", "ray")]
        return (self.cell.name, *ran, self.result, f"{self.seconds:.0f}")


def table(outcomes: Sequence[Outcome], date: str) -> str:
    """Return a table in Markdown, under the date."""
    rows = [COLUMNS, *(outcome.row() for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([date, "", lines[0], _line(["-" * w for w in widths], widths), *lines[1:]])


def json_line(outcomes: Sequence[Outcome], date: str) -> str:
    """Return the same in one line of JSON."""
    names = [column.lower() for column in COLUMNS]
    cells = [dict(zip(names, outcome.row(), strict=True)) for outcome in outcomes]
    return json.dumps({"date": date, "cells": cells})


def status(outcomes: Sequence[Outcome]) -> int:
    """Return the exit status: 0 if none failed and at least one passed."""
    results = [outcome.result for outcome in outcomes]
    return int("failed" in results or "passed" not in results)


def _line(words: Iterable[str], widths: Sequence[int]) -> str:
    padded = [word.ljust(width) for word, width in zip(words, widths, strict=True)]
    return f"| {' | '.join(padded)} |"
