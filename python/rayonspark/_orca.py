"""The one current context of a process, which the names in ``orca`` share."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
from typing import TYPE_CHECKING

from rayonspark import _gateway, _spark, conflict
from rayonspark._arguments import RAY_ARGUMENTS, OrcaArguments
from rayonspark._spark import SparkOfOurs
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import ClusterStoppedException, InvalidSpecException, RayOnSparkException
from rayonspark.ray_context import OrcaRayContext

if TYPE_CHECKING:
    from pyspark import SparkContext

_LOG = logging.getLogger("rayonspark")


class OrcaState:
    """What ``init_orca_context`` has started and ``stop_orca_context`` will stop."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sc: SparkContext | None = None
        self._ours: SparkOfOurs | None = None
        self._ray: OrcaRayContext | None = None
        self.barrier_mode = True
        self.log_output = False

    def open(self, arguments: OrcaArguments) -> SparkContext:
        """Start Spark, or take the running one; start Ray if the arguments say so."""
        with self._lock:
            running = _spark.running_context()
            if running is None:
                self.close()
                mode = ClusterMode.of(arguments.cluster_mode, submitted=_gateway.submitted())
                self._ours = _spark.create(arguments, mode, log_output=self.log_output)
                atexit.register(self.close)
                sc = self._ours.sc
            else:
                self._check_running(arguments, running)
                mode = ClusterMode.of_master(str(running.master))
                sc = running
            self._take(sc, arguments)
            for text in conflict.unused(arguments, mode, str(sc.master)):
                _LOG.warning("%s", text)
            if arguments.init_ray_on_spark:
                self._start_ray(undo=running is None)
            return sc

    def close(self) -> None:
        """Stop everything of ours, in order; the first error is raised when all is done."""
        with self._lock:
            ray, self._ray = self._ray, None
            ours, self._ours = self._ours, None
            self._sc = None
            with contextlib.ExitStack() as steps:
                if ours is not None:
                    steps.callback(ours.stop)
                if ray is not None:
                    steps.callback(ray.stop)
            atexit.unregister(self.close)

    def spark_context(self) -> SparkContext:
        """Give the SparkContext of the current Orca context."""
        if self._sc is None:
            raise ClusterStoppedException(
                "There is no Orca context in this process. Call init_orca_context() first."
            )
        return self._sc

    def ray_context(self) -> OrcaRayContext:
        """Give Ray, started if it does not run."""
        with self._lock:
            self.spark_context()
            if self._ray is None:
                raise AssertionError("an Orca context has a Ray context")
            self._ray.init(barrier=self.barrier_mode)
            return self._ray

    def set_barrier_mode(self, value: bool) -> None:
        """Choose between barrier and plain scheduling, before Ray runs."""
        if self._ray is not None and self._ray.initialized:
            raise RayOnSparkException(
                f"barrier_mode is {self.barrier_mode} for the Ray that runs. Set it before Ray "
                "starts, or call stop_orca_context() first."
            )
        self.barrier_mode = bool(value)

    def set_log_output(self, value: bool) -> None:
        """Choose where the output of Spark's JVM goes, before there is one."""
        if _gateway.jvm_runs():
            raise RayOnSparkException(
                f"log_output is {self.log_output} for the JVM that runs. Set it before Spark "
                "starts, in a new Python process."
            )
        self.log_output = bool(value)

    def _take(self, sc: SparkContext, arguments: OrcaArguments) -> None:
        if self._ray is None or self._sc is not sc:
            self._ray = OrcaRayContext(sc, arguments)
        elif not self._ray.initialized:
            self._ray = OrcaRayContext(sc, self._ray.asks_again(arguments))
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
            _LOG.exception("Stopping Spark after Ray failed to start failed too.")

    def _check_running(self, arguments: OrcaArguments, running: SparkContext) -> None:
        found = conflict.conflicts(arguments, dict(running.getConf().getAll()))
        if self._ray is not None and self._ray.initialized:
            found += self._ray.differing(arguments, RAY_ARGUMENTS)
        if found:
            raise InvalidSpecException(
                f"A SparkContext runs already, and it cannot honour {len(found)} of the arguments: "
                f"{'; '.join(found)}. Leave them out, or stop it first with stop_orca_context() "
                "or spark.stop()."
            )


CURRENT = OrcaState()
