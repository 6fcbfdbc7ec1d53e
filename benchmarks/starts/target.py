"""The speed targets, and whether a run meets them."""

from __future__ import annotations

from dataclasses import dataclass

Medians = dict[tuple[str, str, str], float]
"""(row label, contestant, measure) -> median in seconds."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A limit on the median of `rayonspark`, or on its ratio to another contestant's."""

    label: str
    measure: str
    limit: float
    against: str | None = None

    @property
    def text(self) -> str:
        """The target as text."""
        if self.against is None:
            return f"{self.label} {self.measure} <= {self.limit:g} s"
        return f"{self.label} {self.measure} <= {self.limit:g} x {self.against}"

    def judge(self, medians: Medians) -> Verdict:
        """Compare the medians; if a side was not measured, the verdict is open."""
        ours = medians.get((self.label, "rayonspark", self.measure))
        if self.against is None:
            return Verdict(self, ours)
        theirs = medians.get((self.label, self.against, self.measure))
        return Verdict(self, None if ours is None or theirs is None else ours / theirs)


@dataclass(frozen=True)
class Verdict:
    """A target and the value that was measured for it, if any."""

    target: Target
    value: float | None

    @property
    def text(self) -> str:
        """Whether the target is met, missed and by how much, or not measured."""
        if self.value is None:
            return "not measured"
        over = self.value / self.target.limit - 1
        return f"{self.value:.2f}, met" if over <= 0 else f"{self.value:.2f}, MISSED by {over:.0%}"


TARGETS = (
    Target(label="cluster-2", measure="start_s", limit=0.25, against="peer"),
    Target(label="cluster-4", measure="start_s", limit=0.2, against="peer"),
    Target(label="cluster-2", measure="start_s", limit=1.3, against="hand"),
    Target(label="cluster-4", measure="start_s", limit=1.3, against="hand"),
    Target(label="local", measure="start_s", limit=1.5, against="plain"),
    Target(label="cluster-2", measure="stop_s", limit=3.0),
    Target(label="cluster-4", measure="stop_s", limit=3.0),
    Target(label="local", measure="stop_s", limit=3.0),
    Target(label="slots-2", measure="call_s", limit=5.0),
)
