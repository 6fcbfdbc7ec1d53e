"""Serves Ray Datasets to Spark as DataFrames.

Spark's readers ──Fetch──► JVM ──events of all frames──► feed ──┐
                                                                ├─► one queue ──► serving thread:
                     Ray ──ended tasks──────────────────────────┘     starts Ray's tasks, reports
                                                                      their files to the JVM
"""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING

from rayonspark._background import in_background
from rayonspark.data._ray_data import BlockRun
from rayonspark.data.dropped_frames import DroppedFrames
from rayonspark.data.frame_event import (
    BlockRequested,
    Dropped,
    Event,
    FeedEnded,
    Leaving,
    Released,
    Written,
    event_of,
)
from rayonspark.data.node_tasks import store_bytes
from rayonspark.data.served_frame import ServedFrame
from rayonspark.errors import ClusterStoppedException, ExchangeException

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from rayonspark._jvm import JvmCluster, JvmImport, JvmImports
    from rayonspark.data._chunks import Chunk
    from rayonspark.data.membership import Membership

_LOG = logging.getLogger("rayonspark")

FEED_MS = 1000
"""Limit of one call to the JVM, which returns at once when there are events."""


class FrameServer:
    """Serves the blocks of all frames of one connection, in two threads for any number of frames.

    When it ends, for whatever reason, the JVM ends all of its frames with that reason, so that no
    reader in Spark waits for a block that will never be written. Safe from any thread.

    Parameters
    ----------
    cluster : JvmCluster
        The cluster in the JVM.
    cluster_id : str
        For error messages.
    membership : Membership
        Membership of the connection's cluster, for calls to Ray.
    """

    def __init__(self, cluster: JvmCluster, cluster_id: str, membership: Membership) -> None:
        self._cluster = cluster
        self._id = cluster_id
        self._membership = membership
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._served: Future[None] = Future()
        self._dropped = DroppedFrames(self._collect, self._an_eighth_of_the_stores)
        # Guards the attributes below.
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._imports: JvmImports | None = None
        self._frames: dict[str, ServedFrame] = {}
        self._left = False
        self._ended: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it no longer serves frames, old or new."""
        return self._ended is not None

    def open(
        self,
        spark: SparkSession,
        schema: pa.Schema,
        chunks: Sequence[tuple[BlockRun, Chunk]],
    ) -> tuple[JvmImport, DataFrame]:
        """Return blocks as a DataFrame and serve it; uses py4j, so not for the user's thread."""
        imports = self._open()
        self._dropped.collect_if_much()
        blocks = [(chunk.rows, chunk.bytes, run.node) for run, chunk in chunks]
        frame = imports.start(schema.serialize().to_pybytes(), blocks)
        try:
            served = ServedFrame(
                frame,
                chunks,
                schema,
                self._membership,
                lambda name, ended: self._events.put(Written(name, ended)),
            )
            # Before the JVM requests the first blocks, so that every event has a known frame.
            with self._lock:
                self._require_open()
                self._frames[frame.id] = served
            df = frame.begin(spark)
            # The finalizer may run in any thread, even one that holds a lock.
            weakref.finalize(df, self._events.put, Dropped(frame.id)).atexit = False
            return frame, df
        except BaseException as error:
            _fail(frame, f"The Dataset could not be opened in Spark: {error}")
            # The JVM's own event may have arrived before the frame was known here.
            self._events.put(Released(frame.id))
            raise

    def leave(self) -> Future[None]:
        """End all frames, because this process is about to disconnect. Idempotent.

        Returns
        -------
        Future
            Done when nothing in Ray is in use any more, and the JVM has been told.
        """
        with self._lock:
            self._left = True
            if self._imports is None:
                self._ended = self._ended or self._leaving()
                if not self._served.done():
                    self._served.set_result(None)
            self._events.put(Leaving())
        return self._served

    def _open(self) -> JvmImports:
        with self._lock:
            self._require_open()
        with self._opening:
            if self._imports is None:
                imports = self._cluster.imports()
                with self._lock:
                    self._require_open()
                    self._imports = imports
                in_background("rayonspark-serve-blocks", lambda: self._serve(imports))
                in_background("rayonspark-block-requests", lambda: self._feed(imports))
            return self._imports

    def _collect(self) -> None:
        """Collect garbage in Python, whose py4j objects hold plans, and then in the JVM."""
        gc.collect()
        imports = self._imports
        try:
            if imports is not None:
                imports.collect_garbage()
        except ClusterStoppedException as error:
            _LOG.debug("The JVM is already gone: %s", error)

    def _an_eighth_of_the_stores(self) -> int:
        with self._membership:
            return store_bytes() // 8

    def _require_open(self) -> None:
        if self._left:
            raise ClusterStoppedException(self._leaving())
        if self._ended is not None:
            raise ExchangeException(self._ended)

    def _leaving(self) -> str:
        return (
            f"The Python process that called to_spark has left Ray cluster {self._id} or stopped "
            "it, which ended the Dataset. Cache the DataFrame before that, or call to_spark again."
        )

    def _feed(self, imports: JvmImports) -> None:
        error: BaseException | None = None
        try:
            while (entries := imports.next(FEED_MS)) is not None:
                for entry in entries:
                    self._events.put(event_of(entry))
        except BaseException as failure:
            error = failure
        finally:
            self._events.put(FeedEnded(error))

    def _serve(self, imports: JvmImports) -> None:
        why = "Python no longer serves Datasets to Spark."
        try:
            # There always is a next event: the feed reports its own end in every case.
            while (reason := self._handle(self._events.get())) is None:
                pass
            why = reason
        except BaseException as error:
            _LOG.exception("Serving Ray Datasets to Spark failed.")
            why = _broken(error)
        finally:
            self._end(imports, why)

    def _handle(self, event: Event) -> str | None:
        """Handle an event; return the reason if it ends all frames."""
        if isinstance(event, Leaving):
            return self._leaving()
        if isinstance(event, FeedEnded):
            return self._without_feed(event.error)
        with self._lock:
            served = self._frames.get(event.frame)
        if served is None:
            return None
        try:
            self._handle_frame(served, event)
        except ClusterStoppedException as error:
            _LOG.debug("Frame %s ends: %s", event.frame, error)
            _fail(served.frame, str(error))
        except Exception as error:
            _LOG.exception("Serving a block of frame %s to Spark failed.", event.frame)
            _fail(served.frame, _broken(error))
        return None

    def _handle_frame(
        self, served: ServedFrame, event: BlockRequested | Dropped | Released | Written
    ) -> None:
        if isinstance(event, BlockRequested):
            served.request(event.request)
            return
        if isinstance(event, Dropped):
            if not served.released:
                self._dropped.add(event.frame, served.bytes)
        elif isinstance(event, Released):
            served.release()
            self._dropped.released(event.frame)
        else:
            served.ended(event.ended)
        if served.released and served.idle:
            with self._lock:
                del self._frames[served.frame.id]

    def _without_feed(self, error: BaseException | None) -> str:
        if isinstance(error, ClusterStoppedException):
            _LOG.debug("Spark no longer reads Datasets: %s", error)
            return str(error)
        if error is None:
            return "Spark no longer reads Datasets."
        _LOG.error("Spark's requests for Ray Datasets can no longer be received.", exc_info=error)
        return _broken(error)

    def _end(self, imports: JvmImports, why: str) -> None:
        with self._lock:
            self._ended = why
            frames = list(self._frames.values())
            self._frames.clear()
        self._dropped.close()
        for served in frames:
            try:
                served.release()
            except Exception:
                _LOG.exception("A Ray Dataset could not be released.")
        try:
            imports.close(why)
        except ClusterStoppedException as error:
            _LOG.debug("The JVM is already gone: %s", error)
        except Exception:
            _LOG.exception("Could not tell Spark that Datasets are no longer served.")
        self._served.set_result(None)


def _fail(frame: JvmImport, why: str) -> None:
    """End one frame in the JVM, if the JVM is still there."""
    try:
        frame.fail(why)
    except ClusterStoppedException as error:
        _LOG.debug("Frame %s has already ended: %s", frame.id, error)
    except Exception:
        _LOG.exception("Could not tell Spark that frame %s has ended.", frame.id)


def _broken(error: BaseException) -> str:
    return (
        f"Python could not serve the Dataset's blocks to Spark: {type(error).__name__}: {error}. "
        "Look for the traceback in the log of Spark's driver, then call to_spark again."
    )
