"""This process as a Ray driver. Of Ray's internals, those of a Dataset are _ray_data.py's."""

from __future__ import annotations

import inspect
import os
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from rayonspark._names import unknown_argument
from rayonspark.errors import RayOnSparkException

_AUTH_VARIABLES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")


def require_free() -> None:
    """Raise unless this process can connect to a Ray cluster: Ray is here, and not yet in use."""
    if "ray" not in sys.modules and find_spec("ray") is None:
        raise RayOnSparkException(
            f"The driver's Python {sys.executable!r} has no Ray, which connecting needs. "
            'Run pip install "rayonspark[ray]", or pass connect=False.'
        )
    if initialized():
        raise RayOnSparkException(
            "Ray is already initialised in this process, and a process is in one Ray cluster at a "
            "time. Call ray.shutdown() first, or pass connect=False."
        )


def initialized() -> bool:
    """Say whether this process is connected to any Ray cluster, without importing Ray."""
    ray = sys.modules.get("ray")
    asked = getattr(ray, "is_initialized", None)
    return bool(asked and asked())


def load() -> ModuleType:
    """Import Ray, which takes a while the first time."""
    import ray

    return ray


def check_arguments(ray_init: Mapping[str, Any]) -> None:
    """Raise for arguments that ``ray.init`` does not have, or that are ours to give."""
    import ray

    if "address" in ray_init:
        raise TypeError(
            "ray.init's argument 'address' is the cluster's own here. Leave it out of ray_init."
        )
    valid = set(inspect.signature(ray.init).parameters) - {"address", "kwargs"}
    for name in ray_init:
        if name not in valid and not name.startswith("_"):
            raise unknown_argument("ray.init", name, valid)


class RayConnection:
    """This process's connection to one cluster, with the environment that its token needs.

    Parameters
    ----------
    environment : mapping of str to str
        What ``RayCluster.env`` gives: the address, the mode of authentication and the token.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment["RAY_ADDRESS"]
        self._ours = {name: environment.get(name) for name in _AUTH_VARIABLES}
        self._before: dict[str, str | None] | None = None
        self._gcs_address: str | None = None
        self._address_info: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def is_open(self) -> bool:
        """Whether this process is connected to this very cluster."""
        if self._gcs_address is None or not initialized():
            return False
        return bool(load().get_runtime_context().gcs_address == self._gcs_address)

    @property
    def address_info(self) -> dict[str, Any]:
        """What ``ray.init`` said of the node that it connected to; empty when not connected."""
        return dict(self._address_info) if self.is_open else {}

    def open(self, ray_init: Mapping[str, Any]) -> None:
        """Connect; Ray's own errors pass, and leave the environment as it was."""
        with self._lock:
            check_arguments(ray_init)
            require_free()
            self._take_environment()
            try:
                ray = load()
                context = ray.init(address=self._address, **ray_init)
                self._address_info = dict(context.address_info)
                self._gcs_address = ray.get_runtime_context().gcs_address
            except BaseException:
                # Nobody was connected before, so a connection that is half open is this one.
                if initialized():
                    load().shutdown()
                self.close()
                raise

    def close(self) -> None:
        """Disconnect if this process is still in this cluster, and restore the environment.

        Idempotent, and safe from any thread. A connection that the user has since made to another
        cluster is left alone.
        """
        with self._lock:
            try:
                if self.is_open:
                    load().shutdown()
            finally:
                self._gcs_address = None
                self._address_info = {}
                self._restore_environment()

    def _take_environment(self) -> None:
        if self._before is None:
            self._before = {name: os.environ.get(name) for name in _AUTH_VARIABLES}
        for name, value in self._ours.items():
            _set_variable(name, value)
        _reread_authentication()

    def _restore_environment(self) -> None:
        if self._before is None:
            return
        for name, value in self._before.items():
            # What somebody has set since then is theirs.
            if os.environ.get(name) == self._ours[name]:
                _set_variable(name, value)
        self._before = None
        if not initialized():
            _reread_authentication()


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _reread_authentication() -> None:
    """Have this process's Ray see the environment's RAY_AUTH_* (private API since Ray 2.52)."""
    raylet: Any = import_module("ray._raylet")
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()
