"""A Dataset that Spark reads: the references of its blocks, and the tasks that write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rayonspark.data._ray_data import BlockRun
from rayonspark.data.node_tasks import Ended, NodeTasks, cause_of

if TYPE_CHECKING:
    import pyarrow as pa

    from rayonspark._jvm import JvmImport
    from rayonspark.data._chunks import Chunk
    from rayonspark.data.membership import Membership


@dataclass(frozen=True)
class BlockRequest:
    """A chunk that Spark requests as a file on a Ray node; the fields have the JVM's names."""

    block: int
    executorId: str
    rayNodeId: str
    path: str


class ServedFrame:
    """Writes the chunks of one Dataset next to Spark's executors. Only one thread uses it.

    Parameters
    ----------
    frame : JvmImport
        The frame in the JVM, which receives Spark's requests.
    chunks : sequence of BlockRun and Chunk
        The chunks of the Dataset. Its blocks stay in Ray's store until the frame is released.
    schema : pyarrow.Schema
        The schema in Spark's layouts.
    membership : Membership
        Membership of the connection's cluster, for calls to Ray.
    on_end : callable
        Receives the frame's id and each :class:`Ended`, in one of Ray's threads. The owner then
        calls :meth:`ended` with it.
    """

    def __init__(
        self,
        frame: JvmImport,
        chunks: Sequence[tuple[BlockRun, Chunk]],
        schema: pa.Schema,
        membership: Membership,
        on_end: Callable[[str, Ended], None],
    ) -> None:
        self.frame = frame
        self.released = False
        self._parts = list(chunks)
        self._schema = schema
        self._membership = membership
        self._on_end = on_end
        self._tasks: NodeTasks | None = None

    @property
    def bytes(self) -> int:
        """Size of the files, in bytes."""
        return sum(chunk.bytes for _, chunk in self._parts)

    @property
    def idle(self) -> bool:
        """Whether no task runs."""
        return self._tasks is None or self._tasks.idle

    def request(self, request: BlockRequest) -> None:
        """Write a chunk, as soon as its node runs fewer tasks than its limit."""
        from rayonspark.data import _tasks

        if self.released:
            return
        if self._tasks is None:
            on_end, name = self._on_end, self.frame.id
            self._tasks = NodeTasks(
                _tasks.write_chunk, lambda e: on_end(name, e), self._membership, soft=False
            )
        run, chunk = self._parts[request.block]
        arguments = (request.path, self._schema, chunk.start, chunk.pieces, *run.refs)
        self._tasks.submit(request.path, request.rayNodeId, *arguments)

    def ended(self, ended: Ended) -> None:
        """Tell the JVM how a task has ended; if the frame is released, it then deletes the file."""
        if self._tasks is not None:
            self._tasks.settle(ended)
        path = str(ended.key)
        if ended.error is None:
            self.frame.staged(path, ended.value)
        else:
            self.frame.failed(path, f"Ray could not write a block: {cause_of(ended.error)}")

    def release(self) -> None:
        """Release the blocks and drop the waiting tasks; running ones still report their end."""
        self.released = True
        # These are the last references: Ray may free the blocks from here on.
        self._parts.clear()
        if self._tasks is not None:
            self._tasks.drop_waiting()
