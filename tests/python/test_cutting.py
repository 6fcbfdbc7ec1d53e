"""How the blocks of a Dataset are dealt to the tasks that look at them."""

from __future__ import annotations

from rayonspark.data.cutting import shares


def test_a_nodes_blocks_are_dealt_to_as_many_tasks_as_it_may_have() -> None:
    assert shares(["a", "b", "a", "a", "b"], {"a": 2, "b": 1}) == [
        ("a", [0, 3]),
        ("a", [2]),
        ("b", [1, 4]),
    ]


def test_no_task_is_without_a_block() -> None:
    assert shares(["a"], {"a": 2}) == [("a", [0])]
    assert shares([], {"a": 2}) == []


def test_a_node_that_is_not_known_has_one_task() -> None:
    assert shares(["", ""], {"a": 2}) == [("", [0, 1])]
