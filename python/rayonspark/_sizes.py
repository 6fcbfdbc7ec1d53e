"""Sizes of Spark's heaps and overheads, which Spark itself reads in whole units only."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(b|[kmgt]?)(?:i?b)?", re.IGNORECASE)
_MIB = {"": 1.0, "b": 1 / 1024**2, "k": 1 / 1024, "m": 1.0, "g": 1024.0, "t": 1024.0**2}


def mib(name: str, size: str | int) -> int:
    """Read a size such as "2g", "1.5gb" or 4096 as MiB; a bare number is MiB, as in Spark's keys.

    Raises
    ------
    ValueError
        It is not a size, or less than 1 MiB; the error names the argument `name`.
    """
    match = _SIZE.fullmatch(str(size).strip())
    whole = int(float(match[1]) * _MIB[match[2].lower()]) if match else 0
    if whole < 1:
        raise ValueError(
            f'{name}={size!r} is not a size of at least 1 MiB. Write it as "2g", "1.5g" or "500m".'
        )
    return whole
