"""The state of Ray in this process before it connects."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from rayonspark._names import unknown_argument
from rayonspark._ray.options import init_arguments, installed
from rayonspark._versions import check_ray, check_tokens
from rayonspark.errors import RayOnSparkException


def require_supported() -> None:
    """Raise unless this Python has a Ray that RayOnSpark supports; does not import Ray."""
    if not installed():
        raise RayOnSparkException(
            f"The driver's Python {sys.executable!r} has no Ray, and connecting needs it. "
            'Run pip install "rayonspark[ray]", or pass connect=False.'
        )
    _check_version(check_ray)


def require_tokens(auth: str) -> None:
    """Raise unless this Python's Ray supports `auth`, "token" or "disabled"; no import of Ray."""
    _check_version(lambda found: check_tokens(found, auth))


def _check_version(check: Callable[[str], None]) -> None:
    # A Ray that was built by hand may have no metadata.
    with contextlib.suppress(PackageNotFoundError):
        check(version("ray"))


def require_free() -> None:
    """Raise unless this process can connect to a cluster: it has Ray, and does not use it yet."""
    require_supported()
    if initialized():
        raise RayOnSparkException(
            "Ray is already initialised in this process, and a process can be in only one Ray "
            "cluster. Call ray.shutdown() first, or pass connect=False."
        )


def initialized() -> bool:
    """Return whether this process is connected to any Ray cluster; does not import Ray."""
    ray = sys.modules.get("ray")
    asked = getattr(ray, "is_initialized", None)
    return bool(asked and asked())


def load() -> ModuleType:
    """Import Ray, which takes a while the first time."""
    import ray

    return ray


def check_arguments(ray_init: Mapping[str, Any]) -> None:
    """Raise for arguments that ``ray.init`` does not have, or that RayOnSpark sets itself."""
    if "address" in ray_init:
        raise TypeError(
            "RayOnSpark sets ray.init's argument 'address' itself. Leave it out of ray_init."
        )
    valid = init_arguments()
    for name in ray_init:
        if name not in valid and not name.startswith("_"):
            raise unknown_argument("ray.init", name, valid)
