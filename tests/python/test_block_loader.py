"""Blocks are loaded from staging into the object store, in orders that are rare in real runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from exchange_fakes import LIMIT_S, NODE, FakeExport, FakeMembership, FakeTasks, loaded, staged
from ray.exceptions import WorkerCrashedError
from rayonspark._background import in_background
from rayonspark.data import to_ray
from rayonspark.data.node_tasks import Ended
from rayonspark.data.staged_block import StagedBlock, check_complete
from rayonspark.data.to_ray import BlockLoader
from rayonspark.errors import ClusterStoppedException, ExchangeException, RayOnSparkException

Ends = Callable[[StagedBlock], Ended | None]


class Loads:
    """Runs loads with tasks that end as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.membership = FakeMembership()
        self.tasks = FakeTasks(loaded)
        self.loader = BlockLoader(self.membership)
        monkeypatch.setattr(to_ray, "CONNECTION_CHECK_S", 0.01)
        monkeypatch.setattr(to_ray, "nodes_alive", lambda: [{"NodeID": NODE}])
        monkeypatch.setattr(to_ray, "dataset_of", lambda blocks, _: [b.ref for b in blocks])

    def of(
        self,
        export: FakeExport,
        ends: Ends = loaded,
        recoverable: bool = False,
        join: bool = False,
    ) -> list[str]:
        """Return the blocks' names: the number, with a prime for each time the block was lost."""
        self.tasks = FakeTasks(ends)
        self.monkeypatch.setattr(to_ray, "NodeTasks", self.tasks)
        self.loader = BlockLoader(self.membership, (object(), "export") if recoverable else None)
        try:
            work = in_background("run", lambda: self.loader.run(export, join=join))
            dataset: Any = work.result(LIMIT_S)[0]
            return dataset
        finally:
            # The owner of an export always closes it, and the loader's feed ends with it.
            export.close()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    return Loads(monkeypatch)


def losing(*lost: int, times: int = 1) -> Ends:
    """Lose these blocks so many times while they are loaded."""
    left = dict.fromkeys(lost, times)

    def ends(block: StagedBlock) -> Ended:
        if left.get(block.id, 0) > 0:
            left[block.id] -= 1
            return Ended(block, None, WorkerCrashedError())
        return loaded(block)

    return ends


def three() -> FakeExport:
    return FakeExport([staged(0), staged(1), staged(2)])


def in_parts() -> FakeExport:
    """Partition 0 is staged in two parts, and partition 1 in one."""
    return FakeExport(
        [staged(0, partition=0), staged(1, partition=1), staged(2, partition=0, sequence=1)]
    )


def test_the_parts_of_a_partition_are_joined_only_on_request(loads: Loads) -> None:
    assert loads.of(in_parts()) == ["0", "2", "1"]
    assert loads.of(in_parts(), join=True) == ["joined 0", "1"]


def test_a_partition_that_cannot_be_joined_is_an_error_that_names_it(loads: Loads) -> None:
    def ends(key: Any) -> Ended:
        return Ended(key, None, MemoryError("full")) if key == 0 else loaded(key)

    with pytest.raises(ExchangeException, match="partition 0 of the DataFrame"):
        loads.of(in_parts(), ends, join=True)
    assert loads.tasks.dropped


def test_blocks_are_in_the_order_of_their_partitions(loads: Loads) -> None:
    export = FakeExport([staged(0, partition=1), staged(1, partition=0)])

    assert loads.of(export) == ["1", "0"]


def test_a_block_that_is_lost_during_the_load_is_loaded_from_its_new_file(loads: Loads) -> None:
    export = three()

    assert loads.of(export, losing(1)) == ["0", "1'", "2"]
    assert export.recomputed == [(1, "/1")]


@pytest.mark.parametrize("recoverable", [False, True])
def test_a_block_that_is_lost_while_the_feed_ends_is_loaded(
    loads: Loads, recoverable: bool
) -> None:
    """The feed learns that all blocks are loaded; before it reports this, one is recomputed."""
    export = three()
    lost_once = threading.Event()

    def lose() -> None:
        if not lost_once.is_set():
            lost_once.set()
            export.recompute(1, "/1")

    export.before_finished_returns = lose

    assert loads.of(export, recoverable=recoverable) == ["0", "1'", "2"]


def test_a_loaded_block_that_is_lost_with_its_node_is_loaded_again(
    loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded_elsewhere(block: StagedBlock) -> Ended:
        return Ended(block, "gone" if block.path == "/2" else NODE, None)

    export = three()

    assert loads.of(export, loaded_elsewhere) == ["0", "1", "2'"]
    assert export.recomputed == [(2, "/2")]


def test_a_block_that_is_lost_too_often_is_an_error(loads: Loads) -> None:
    with pytest.raises(ExchangeException, match="Ray could not load block 1 of the DataFrame"):
        loads.of(three(), losing(1, times=to_ray.MAX_LOSSES + 1))
    assert loads.tasks.dropped


def test_a_retry_that_reads_a_block_does_not_delay_the_end_of_the_load(loads: Loads) -> None:
    export = three()
    export.recompute_for_retry(1, "/1")

    assert loads.of(export, recoverable=True) == ["0", "1", "2"]


def test_an_error_of_the_export_ends_the_load_while_tasks_run(loads: Loads) -> None:
    export = three()

    def ends(block: StagedBlock) -> None:
        export.fail(ExchangeException("mine"))

    with pytest.raises(ExchangeException, match="mine"):
        loads.of(export, ends)
    assert loads.tasks.dropped


def test_an_error_of_a_task_ends_the_load(loads: Loads) -> None:
    with pytest.raises(ExchangeException, match="no room"):
        loads.of(three(), lambda block: Ended(block, None, OSError("no room")))


def test_cancelling_ends_the_load_while_tasks_run(loads: Loads) -> None:
    def ends(block: StagedBlock) -> None:
        loads.loader.cancel(RayOnSparkException("mine"))

    with pytest.raises(RayOnSparkException, match="mine"):
        loads.of(three(), ends)
    assert loads.tasks.dropped


def test_a_load_ends_when_its_process_has_left_ray(loads: Loads) -> None:
    """The user calls ray.shutdown(), and Ray never reports the ends of the tasks."""
    with pytest.raises(ClusterStoppedException):
        loads.of(three(), lambda block: loads.membership.leave())


@pytest.mark.parametrize("counted", [{"blocks": 4.0}, {"rows": 31.0}, {"rows": 29.0}])
def test_a_dataset_that_differs_from_what_spark_has_written_is_an_error(
    loads: Loads, counted: dict[str, float]
) -> None:
    export = three()
    export.counted = counted

    with pytest.raises(ExchangeException, match="Ray has loaded 3 blocks with 30 rows, and Spark"):
        loads.of(export)


def test_a_partition_that_lacks_a_block_is_an_error() -> None:
    blocks = [StagedBlock(**staged(n, partition=0, sequence=n)) for n in (0, 2)]
    told = {"blocks": 2.0, "rows": 20.0}

    with pytest.raises(ExchangeException) as error:
        check_complete(blocks, told)
    assert str(error.value) == (
        "Ray has loaded blocks [0, 2] of partition 0, and they should be 0 to 1. Call to_ray "
        "again, and report this as a bug in RayOnSpark."
    )
    check_complete(blocks[:1], {"blocks": 1.0, "rows": 10.0})
    check_complete([], {"blocks": 0.0, "rows": 0.0})
