"""The speed targets, and whether a run meets them."""

from __future__ import annotations

from dataclasses import dataclass

Medians = dict[tuple[str, str], float]
"""(row label, ``direction/name`` of the contestant) -> warm median in seconds."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A limit on the ratio of RayOnSpark's warm median to another contestant's."""

    label: str
    direction: str
    against: str
    limit: float

    @property
    def text(self) -> str:
        """The target as text."""
        return f"{self.label}: {self.direction} <= {self.limit:g} x {self.against}"

    def value(self, medians: Medians) -> float | None:
        """Return the measured ratio; None if either side was not measured."""
        ours = medians.get((self.label, f"{self.direction}/rayonspark"))
        theirs = medians.get((self.label, f"{self.direction}/{self.against}"))
        return None if ours is None or theirs is None else ours / theirs

    def verdict(self, medians: Medians) -> str:
        """Return whether the target is met, missed and by how much, or not measured."""
        value = self.value(medians)
        if value is None:
            return "not measured"
        over = value / self.limit - 1
        return f"{value:.2f}, met" if over <= 0 else f"{value:.2f}, MISSED by {over:.0%}"


_LIMITS = {
    "to_ray": {"arrow": 0.25, "pandas": 0.2, "parquet": 0.2, "noop": 2.0},
    "to_spark": {"arrow": 0.25, "parquet": 0.3, "cached": 1.5},
}

TARGETS = tuple(
    Target(label=f"{frame} {scenario}", direction=direction, against=against, limit=limit)
    for frame in ("mixed", "wide")
    for scenario in ("local-2", "cluster-2")
    for direction, limits in _LIMITS.items()
    for against, limit in limits.items()
)
