"""Sizes of Spark's heaps and overheads. Spark itself accepts only whole numbers of a unit."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(b|[kmgt]?)(?:i?b)?", re.IGNORECASE)
_MIB = {"": 1.0, "b": 1 / 1024**2, "k": 1 / 1024, "m": 1.0, "g": 1024.0, "t": 1024.0**2}


def mib(name: str, size: str | int) -> int:
    """Convert a size such as "2g", "1.5gb" or 4096 to whole MiB, rounded down.

    Parameters
    ----------
    name : str
        Name of the argument or key, for the error.
    size : str or int
        A bare number is MiB, as in Spark's keys. Units are binary.

    Raises
    ------
    ValueError
        `size` is not a size, or is less than 1 MiB.
    """
    match = _SIZE.fullmatch(str(size).strip())
    whole = int(float(match[1]) * _MIB[match[2].lower()]) if match else 0
    if whole < 1:
        raise ValueError(
            f'{name}={size!r} is not a size of at least 1 MiB. Write it as "2g", "1.5g" or "500m".'
        )
    return whole
