"""When garbage is collected for frames whose DataFrame was dropped."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, SimpleQueue

import pytest
from rayonspark.data.dropped_frames import SETTLE_S, DroppedFrames, pause_s

LIMIT_S = 20.0
MIB = 1 << 20


class Collections:
    """Counts collections, and can end a frame in them."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[None] = SimpleQueue()
        self.frames = DroppedFrames(self.collect, much=lambda: 100 * MIB)
        self.ends: set[str] = set()

    def collect(self) -> None:
        for frame in self.ends:
            self.frames.released(frame)
        self.begun.put(None)

    def happened(self, within_s: float = LIMIT_S) -> bool:
        try:
            self.begun.get(timeout=within_s)
        except Empty:
            return False
        return True


@pytest.fixture
def collections() -> Iterator[Collections]:
    made = Collections()
    yield made
    made.frames.close()


def test_garbage_is_collected_once_for_frames_that_are_dropped_together(
    collections: Collections,
) -> None:
    collections.ends = {"a", "b"}
    collections.frames.add("a", 10 * MIB)
    collections.frames.add("b", 10 * MIB)
    assert collections.happened()
    assert not collections.happened(within_s=5 * SETTLE_S)


def test_garbage_is_collected_again_while_something_reads_a_frame(collections: Collections) -> None:
    collections.frames.add("a", 10 * MIB)
    assert collections.happened()
    assert collections.happened()
    collections.frames.released("a")
    collections.frames.add("b", 10 * MIB)
    collections.ends = {"b"}
    assert collections.happened()


def test_small_frames_wait_until_they_are_worth_a_collection(collections: Collections) -> None:
    collections.frames.add("a", 5 * MIB)
    assert not collections.happened(within_s=5 * SETTLE_S)
    collections.frames.add("b", 5 * MIB)
    assert collections.happened()


def test_nothing_is_collected_for_a_frame_that_is_over(collections: Collections) -> None:
    collections.frames.add("a", 10 * MIB)
    collections.frames.released("a")
    assert not collections.happened(within_s=5 * SETTLE_S)


def test_the_next_frame_waits_only_if_much_was_dropped(collections: Collections) -> None:
    collections.frames.add("a", 60 * MIB)
    collections.frames.collect_if_much()
    assert collections.begun.empty()
    collections.frames.add("b", 60 * MIB)
    collections.frames.collect_if_much()
    assert not collections.begun.empty()
    assert collections.happened()


def test_a_frame_that_is_read_for_long_is_looked_at_again_before_the_next_frame(
    collections: Collections,
) -> None:
    collections.frames.add("a", 1000 * MIB)
    collections.frames.collect_if_much()
    assert collections.happened()
    # A collection took some microseconds, and the next one may follow after three times as many.
    while collections.begun.empty():
        collections.frames.collect_if_much()


def test_nothing_is_collected_after_the_close(collections: Collections) -> None:
    collections.frames.add("a", 1000 * MIB)
    collections.frames.close()
    collections.frames.add("b", 1000 * MIB)
    collections.frames.collect_if_much()
    assert not collections.happened(within_s=5 * SETTLE_S)


def test_a_collection_that_fails_does_not_end_the_next_ones() -> None:
    begun: SimpleQueue[None] = SimpleQueue()

    def fail() -> None:
        begun.put(None)
        raise RuntimeError("The JVM is tired.")

    frames = DroppedFrames(fail, much=lambda: 100 * MIB)
    frames.add("a", 10 * MIB)
    begun.get(timeout=LIMIT_S)
    frames.add("b", 10 * MIB)
    begun.get(timeout=LIMIT_S)
    frames.close()


@pytest.mark.parametrize(
    ("took", "in_vain", "pause"),
    [
        (0.05, 0, 1.0),
        (0.05, 1, 1.0),
        (0.05, 2, 2.0),
        (0.05, 1000, 60.0),
        (2.0, 1, 6.0),
        (2.0, 1000, 198.0),
    ],
)
def test_collections_take_a_quarter_of_the_time_at_most_and_a_hundredth_in_vain(
    took: float, in_vain: int, pause: float
) -> None:
    assert pause_s(took, in_vain) == pause
