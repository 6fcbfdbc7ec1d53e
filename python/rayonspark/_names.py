"""Errors about names: what was written, and the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def closest(name: str, valid: Collection[str]) -> str | None:
    """Give the valid name that is nearest to `name`; None when none is near."""
    wanted = name.lower()
    by_lower = {each.lower(): each for each in valid}
    near = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=0.5)
    return by_lower[near[0]] if near else None


def unknown_argument(function: str, name: str, valid: Collection[str]) -> TypeError:
    """Say that `function` has no argument `name`, and which one may have been meant."""
    near = closest(name, valid)
    advice = f"Did you mean {near!r}?" if near else f"It takes {', '.join(sorted(valid))}."
    return TypeError(f"{function}() has no argument {name!r}. {advice}")
