"""Makes Ray Data's own calls for Spark move data to and from the connected cluster.

Ray implements `ray.data.from_spark` and `Dataset.to_spark` with RayDP, for a Spark that runs on
Ray. See docs/adr/0028.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from ray.data import Dataset

_RAY_DATA = "ray.data"


class DataCalls(MetaPathFinder):
    """Replaces the two calls while it is active; at most one object is.

    It does not import Ray Data, which takes a second. If Ray Data is imported later, it replaces
    the calls then.

    Parameters
    ----------
    to_ray : callable
        ``to_ray(df, num_blocks=None)`` of the connected cluster.
    to_spark : callable
        ``to_spark(ds, spark)`` of the connected cluster.
    connected : callable
        Whether this process is connected to the cluster. If it is not, Ray's own calls run.
    """

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _active: ClassVar[DataCalls | None] = None

    def __init__(
        self,
        to_ray: Callable[..., Dataset],
        to_spark: Callable[..., DataFrame],
        connected: Callable[[], bool],
    ) -> None:
        self._to_ray = to_ray
        self._to_spark = to_spark
        self._connected = connected
        # The changed module, and its own two functions.
        self._replaced: tuple[Any, Any, Any] | None = None
        # The threads that look for Ray Data with the other finders.
        self._finding: set[int] = set()

    def activate(self) -> None:
        """Replace the calls, now or when Ray Data is imported. Idempotent."""
        with DataCalls._lock:
            if DataCalls._active is not None:
                # The user has called ray.shutdown(), after which its cluster did not disconnect.
                DataCalls._active.deactivate()
            DataCalls._active = self
            sys.meta_path.insert(0, self)
        if _RAY_DATA in sys.modules:
            # Waits if another thread is still importing it.
            self._replace(import_module(_RAY_DATA))

    def deactivate(self) -> None:
        """Restore the calls if this object has replaced them. Idempotent."""
        with DataCalls._lock:
            if DataCalls._active is not self:
                return
            DataCalls._active = None
            sys.meta_path.remove(self)
            if self._replaced is not None:
                module, own_from_spark, own_to_spark = self._replaced
                module.from_spark, module.Dataset.to_spark = own_from_spark, own_to_spark
                self._replaced = None

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Let the other finders find Ray Data, and change the module after its execution."""
        this_thread = threading.get_ident()
        if fullname != _RAY_DATA or this_thread in self._finding:
            return None
        self._finding.add(this_thread)
        try:
            spec = find_spec(fullname)
        finally:
            self._finding.discard(this_thread)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_replace(module: Any) -> None:
                execute(module)
                self._replace(module)

            spec.loader.exec_module = execute_and_replace  # type: ignore[method-assign]
        return spec

    def _replace(self, module: Any) -> None:
        with DataCalls._lock:
            if DataCalls._active is not self or self._replaced is not None:
                return
            own_from_spark, own_to_spark = module.from_spark, module.Dataset.to_spark

            def from_spark(
                df: DataFrame,
                *,
                parallelism: int | None = None,
                override_num_blocks: int | None = None,
            ) -> Dataset:
                """Convert a Spark DataFrame with ``RayCluster.to_ray``."""
                if not self._connected():
                    own: Dataset = own_from_spark(
                        df, parallelism=parallelism, override_num_blocks=override_num_blocks
                    )
                    return own
                # -1 means the default, as in Ray's other readers.
                former = None if parallelism == -1 else parallelism
                blocks = former if override_num_blocks is None else override_num_blocks
                return self._to_ray(df, num_blocks=blocks)

            def to_spark(ds: Dataset, spark: SparkSession) -> DataFrame:
                """Convert this Dataset with ``RayCluster.to_spark``."""
                return self._to_spark(ds, spark) if self._connected() else own_to_spark(ds, spark)

            self._replaced = (module, own_from_spark, own_to_spark)
            module.from_spark, module.Dataset.to_spark = from_spark, to_spark
