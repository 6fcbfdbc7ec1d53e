"""The current Orca context of this process, on which the functions in ``orca`` act."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from rayonspark import _gateway, _ray, _spark, conflict
from rayonspark._arguments import RAY_ARGUMENTS, OrcaArguments
from rayonspark._spark import OwnedSpark
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import ClusterStoppedException, InvalidSpecException, RayOnSparkException
from rayonspark.ray_context import OrcaRayContext, resolved

if TYPE_CHECKING:
    from pyspark import SparkContext

_LOG = logging.getLogger("rayonspark")


class OrcaState:
    """What ``init_orca_context`` has started, and ``stop_orca_context`` stops. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sc: SparkContext | None = None
        self._owned: OwnedSpark | None = None
        self._ray: OrcaRayContext | None = None
        self.barrier_mode = True
        self.log_output = False

    def open(self, arguments: OrcaArguments) -> SparkContext:
        """Start Spark or use the running one, and start Ray if the arguments ask for it."""
        with self._lock:
            running = _spark.running_context()
            if arguments.init_ray_on_spark:
                _ray.require_supported()
                # What neither ray start nor ray.init has is an error before Spark starts.
                resolved(arguments)
            if running is None:
                self.close()
                mode = ClusterMode.of(arguments.cluster_mode, submitted=_gateway.submitted())
                self._owned = _spark.create(arguments, mode, log_output=self.log_output)
                atexit.register(self._close_at_exit, os.getpid())
                sc = self._owned.sc
            else:
                self._check_running(arguments, running)
                mode = ClusterMode.of_master(str(running.master))
                sc = running
            self._adopt(sc, arguments)
            for text in conflict.unused(arguments, mode, str(sc.master)):
                _LOG.warning("%s", text)
            if arguments.init_ray_on_spark:
                self._start_ray(undo=running is None)
            return sc

    def close(self) -> None:
        """Stop Ray, then Spark if it was started here. Idempotent.

        An error in stopping Ray is raised after Spark has been stopped.
        """
        with self._lock:
            ray, self._ray = self._ray, None
            owned, self._owned = self._owned, None
            self._sc = None
            with contextlib.ExitStack() as steps:
                if owned is not None:
                    steps.callback(owned.stop)
                if ray is not None:
                    steps.callback(ray.stop)
            atexit.unregister(self._close_at_exit)

    def spark_context(self) -> SparkContext:
        """Return the SparkContext of the current Orca context."""
        if self._sc is None:
            raise ClusterStoppedException(
                "There is no Orca context in this process. Call init_orca_context() first."
            )
        return self._sc

    def ray_context(self) -> OrcaRayContext:
        """Return the Ray context, and start Ray if it is not running."""
        with self._lock:
            self.spark_context()
            if self._ray is None:
                raise AssertionError("an Orca context has a Ray context")
            self._ray.init(barrier=self.barrier_mode)
            return self._ray

    def set_barrier_mode(self, value: bool) -> None:
        """Choose between barrier and plain scheduling. Raise an error if Ray is running."""
        if self._ray is not None and self._ray.initialized:
            raise RayOnSparkException(
                f"Ray is already running with barrier_mode={self.barrier_mode}. Set it before Ray "
                "starts, or call stop_orca_context() first."
            )
        self.barrier_mode = bool(value)

    def set_log_output(self, value: bool) -> None:
        """Choose where the output of Spark's JVM goes. Raise an error if the JVM is running."""
        if _gateway.jvm_runs():
            raise RayOnSparkException(
                f"Spark's JVM is already running with log_output={self.log_output}. Set it before "
                "Spark starts, in a new Python process."
            )
        self.log_output = bool(value)

    def _adopt(self, sc: SparkContext, arguments: OrcaArguments) -> None:
        if self._ray is None or self._sc is not sc:
            self._ray = OrcaRayContext(sc, arguments)
        elif not self._ray.initialized:
            self._ray = OrcaRayContext(sc, self._ray.merged_arguments(arguments))
        self._sc = sc

    def _start_ray(self, *, undo: bool) -> None:
        try:
            self.ray_context()
        except BaseException:
            if undo:
                self._close_after_failure()
            raise

    def _close_after_failure(self) -> None:
        try:
            self.close()
        except Exception:
            _LOG.exception("Ray failed to start, and stopping Spark failed after that.")

    def _close_at_exit(self, process: int) -> None:
        # A forked child inherits the exit handlers. It must not stop its parent's Spark and Ray.
        if os.getpid() == process:
            self.close()

    def _check_running(self, arguments: OrcaArguments, running: SparkContext) -> None:
        found = conflict.conflicts(arguments, dict(running.getConf().getAll()))
        if self._ray is not None and self._ray.initialized:
            found += self._ray.differing(arguments, RAY_ARGUMENTS)
        if found:
            raise InvalidSpecException(
                f"A SparkContext is already running, and it cannot honour {len(found)} arguments: "
                f"{'; '.join(found)}. Leave them out, or stop it first with stop_orca_context() "
                "or spark.stop()."
            )


CURRENT = OrcaState()
