"""Errors about unknown names, which suggest the closest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def closest(name: str, valid: Collection[str]) -> str | None:
    """Return the valid name that is closest to `name`; None when none is close."""
    wanted = name.lower()
    by_lower = {each.lower(): each for each in valid}
    near = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=0.5)
    return by_lower[near[0]] if near else None


def unknown_argument(function: str, name: str, valid: Collection[str]) -> TypeError:
    """Return an error that `function` has no argument `name`, with the closest valid name."""
    near = closest(name, valid)
    advice = f"Did you mean {near!r}?" if near else f"It accepts {', '.join(sorted(valid))}."
    return TypeError(f"{function}() has no argument {name!r}. {advice}")
