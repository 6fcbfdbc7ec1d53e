"""Keeps Ray from starting a local cluster by itself after the end of a connection.

Uses private API of Ray, checked in 2.41 to 2.60: ``auto_init_hook.ray``, through which every call
to Ray checks whether Ray is initialized.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from rayonspark._end_reason import EndReason

_HOOK = "ray._private.auto_init_hook"


class AutoInitBarrier:
    """Stands in for the module ``ray`` in Ray's hook until the user starts or joins another Ray.

    Without it, the next call after a cluster's end would silently start a local Ray, and write a
    token into the user's home directory.
    """

    def __init__(self, ray: Any, ending: EndReason) -> None:
        self._ray = ray
        self._ending = ending
        self._closer: threading.Thread | None = threading.current_thread()

    @classmethod
    def set_up(cls, ending: EndReason) -> AutoInitBarrier:
        """Refuse every call to Ray from other threads, until this one calls :meth:`closed`."""
        hook: Any = import_module(_HOOK)
        lift()
        barrier = cls(hook.ray, ending)
        hook.ray = barrier
        return barrier

    def closed(self) -> None:
        """From now on, refuse only calls that would start a new Ray."""
        self._closer = None

    def is_initialized(self) -> bool:
        """Answer Ray's hook; raise the reason of the end where Ray would start a new cluster."""
        if self._closer is not None:
            if threading.current_thread() is not self._closer:
                raise self._ending.error()
            return True
        if not self._ray.is_initialized():
            raise self._ending.error()
        lift()
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ray, name)


def lift() -> None:
    """Restore Ray's own behaviour: the user has another Ray, or is about to start one."""
    hook: Any = import_module(_HOOK)
    if isinstance(hook.ray, AutoInitBarrier):
        hook.ray = hook.ray._ray
