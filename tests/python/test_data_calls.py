"""The replacement of Ray Data's calls, with a package that stands in for Ray."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rayonspark._ray.data_calls import DataCalls

RAY_DATA = """
import hooks
hooks.on_import()
class Dataset:
    def to_spark(self, spark):
        return "Ray's own"
def from_spark(df, *, parallelism=None, override_num_blocks=None):
    return ("Ray's own", parallelism, override_num_blocks)
"""


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A new `ray.data` to import; it calls `on_import` of this object."""
    (tmp_path / "ray/data").mkdir(parents=True)
    (tmp_path / "ray/__init__.py").touch()
    (tmp_path / "ray/data/__init__.py").write_text(RAY_DATA)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ray"]:
        monkeypatch.delitem(sys.modules, name)
    hooks = types.SimpleNamespace(on_import=lambda: None, connected=True)
    monkeypatch.setitem(sys.modules, "hooks", hooks)  # type: ignore[arg-type]
    return hooks


@pytest.fixture
def make(hooks: types.SimpleNamespace) -> Iterator[Callable[[str], DataCalls]]:
    made: list[DataCalls] = []

    def data_calls(name: str) -> DataCalls:
        made.append(
            DataCalls(
                lambda df, num_blocks: (name, num_blocks),
                lambda ds, spark: name,
                lambda: bool(hooks.connected),
            )
        )
        return made[-1]

    yield data_calls
    for calls in made:
        calls.deactivate()


def ray_data() -> types.ModuleType:
    return importlib.import_module("ray.data")


def answers() -> tuple[object, object]:
    module = ray_data()
    return module.from_spark(None), module.Dataset().to_spark(None)


OWN = (("Ray's own", None, None), "Ray's own")


@pytest.mark.parametrize("imported_first", [True, False])
def test_the_calls_are_replaced_and_restored(
    make: Callable[[str], DataCalls], imported_first: bool
) -> None:
    if imported_first:
        ray_data()
    calls = make("ours")
    calls.activate()
    assert answers() == (("ours", None), "ours")
    calls.deactivate()
    assert answers() == OWN


def test_the_number_of_blocks_is_passed_on(make: Callable[[str], DataCalls]) -> None:
    make("ours").activate()
    assert ray_data().from_spark(None, override_num_blocks=3) == ("ours", 3)
    assert ray_data().from_spark(None, parallelism=4) == ("ours", 4)
    assert ray_data().from_spark(None, parallelism=-1) == ("ours", None)


def test_an_import_that_failed_may_be_repeated(
    make: Callable[[str], DataCalls], hooks: types.SimpleNamespace
) -> None:
    make("ours").activate()
    hooks.on_import = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        ray_data()
    hooks.on_import = lambda: None
    assert answers() == (("ours", None), "ours")


def test_a_search_for_ray_data_is_no_import(make: Callable[[str], DataCalls]) -> None:
    make("ours").activate()
    assert importlib.util.find_spec("ray.data") is not None
    assert answers() == (("ours", None), "ours")


def test_a_connection_that_ends_during_the_import_leaves_rays_calls(
    make: Callable[[str], DataCalls], hooks: types.SimpleNamespace
) -> None:
    calls = make("ours")
    calls.activate()
    hooks.on_import = calls.deactivate
    assert answers() == OWN


def test_without_a_connection_rays_own_calls_run(
    make: Callable[[str], DataCalls], hooks: types.SimpleNamespace
) -> None:
    make("ours").activate()
    hooks.connected = False
    assert answers() == OWN
    assert ray_data().from_spark(None, override_num_blocks=3) == ("Ray's own", None, 3)


def test_the_last_cluster_has_the_calls_and_the_end_of_another_changes_nothing(
    make: Callable[[str], DataCalls],
) -> None:
    first, last = make("first"), make("last")
    first.activate()
    last.activate()
    first.deactivate()
    assert answers() == (("last", None), "last")
    last.deactivate()
    assert answers() == OWN


def test_a_module_that_was_removed_is_no_problem(
    make: Callable[[str], DataCalls], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = make("ours")
    calls.activate()
    ray_data()
    monkeypatch.delitem(sys.modules, "ray.data")
    calls.deactivate()
    assert answers() == OWN
