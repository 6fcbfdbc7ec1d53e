"""How the blocks of a Dataset are joined, and distributed to the tasks that inspect them."""

from __future__ import annotations

from rayonspark.data._ray_data import LoadedBlock
from rayonspark.data.splitting import MOST_RUNS, runs_of, shares


def tasks(homes: list[str], at_once: dict[str, int]) -> dict[str, list[list[int]]]:
    return {node: [*some] for node, some in shares(homes, at_once).items()}


def test_a_nodes_runs_are_distributed_to_as_many_tasks_as_it_may_run() -> None:
    assert tasks(["a", "b", "a", "a", "b"], {"a": 2, "b": 1}) == {"a": [[0, 2], [3]], "b": [[1, 4]]}


def test_every_task_has_a_run() -> None:
    assert tasks(["a"], {"a": 2}) == {"a": [[0]]}
    assert tasks([], {"a": 2}) == {}


def test_an_unknown_node_runs_one_task_at_a_time() -> None:
    assert tasks(["", ""], {"a": 2}) == {"": [[0, 1]]}


def test_a_task_has_a_limited_number_of_runs() -> None:
    (some,) = tasks(["a"] * 1000, {"a": 2}).values()
    assert max(map(len, some)) == MOST_RUNS
    assert [i for indices in some for i in indices] == [*range(1000)]


def joined(sizes: list[int], slots: int = 2, max_bytes: int = 4000) -> list[int]:
    """Return how many blocks of these sizes each run has."""
    blocks = [LoadedBlock(f"ref-{i}", 1, size, "n") for i, size in enumerate(sizes)]
    runs = runs_of(blocks, max_bytes, slots)
    assert [block for run in runs for block in run.blocks] == blocks
    for run in runs:
        assert len(run.blocks) == 1 or sum(block.bytes for block in run.blocks) <= max_bytes
    return [len(run.blocks) for run in runs]


def test_blocks_are_not_joined_while_each_slot_can_have_four_runs() -> None:
    assert joined([10] * 8) == [1] * 8
    assert joined([10] * 9) == [1] * 9
    assert joined([]) == []


def test_many_small_blocks_become_four_runs_for_each_slot() -> None:
    assert joined([10] * 3000) == [375] * 8
    assert joined([10] * 3000, slots=100) == [7] * 428 + [4]
    assert joined([0] * 3000) == [375] * 8


def test_joined_blocks_stay_small() -> None:
    assert set(joined([1000] * 400)) == {4}
    assert joined([5000] * 40) == [1] * 40
    assert joined([5000, 10, 10, 5000] * 10)[:3] == [1, 2, 1]


def test_a_run_is_read_on_the_node_of_its_largest_block() -> None:
    blocks = [
        LoadedBlock(f"ref-{node}", 1, size, node)
        for node, size in (("a", 10), ("b", 30), ("c", 20))
    ] * 10
    assert {run.node for run in runs_of(blocks, 60, slots=1)} == {"b"}
