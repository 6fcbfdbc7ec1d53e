"""How a node sweeps the directories of nodes that died together with their guard."""

import importlib.util
import os
import time

import children
import pytest
from guarded import RESOURCES

spec = importlib.util.spec_from_file_location("node_directory", RESOURCES / "node_directory.py")
node_directory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(node_directory)


@pytest.fixture
def own(base):
    own = base / "ros-000own"
    own.mkdir()
    yield own
    own.rmdir()


def orphan(base, name="ros-orphan", lock=True):
    path = base / name
    (path / "session_1" / "logs").mkdir(parents=True)
    if lock:
        (path / "lock").touch()
    return path


def test_a_node_alone_sweeps_nothing(own):
    node_directory.sweep(own)
    assert own.exists()


def test_an_orphan_and_its_companions_are_swept(base, own, tmp_path):
    staging = tmp_path / "ros-stage-1-head"
    staging.mkdir()
    path = orphan(base)
    node_directory.note_companions(path, [str(staging)])
    node_directory.sweep(own)
    assert not path.exists()
    assert not staging.exists()


def test_a_living_node_is_not_swept(start, base, own):
    node = start(children.POLITE)
    node.wait_for("hello")
    node_directory.sweep(own)
    assert (node.directory / "ray_node.py").exists()


def test_a_directory_without_a_lock_is_swept_only_when_it_is_old(base, own):
    path = orphan(base, lock=False)
    node_directory.sweep(own)
    assert path.exists()
    long_ago = time.time() - 2 * 3600
    os.utime(path, (long_ago, long_ago))
    node_directory.sweep(own)
    assert not path.exists()


def test_links_and_the_files_of_others_are_left_alone(base, own, tmp_path):
    (tmp_path / "lock").touch()
    link = base / "ros-000lnk"
    link.symlink_to(tmp_path)
    other = base / "other"
    (other / "lock").mkdir(parents=True)
    node_directory.sweep(own)
    assert link.is_symlink()
    assert (tmp_path / "lock").exists()
    link.unlink()
    (other / "lock").rmdir()
    other.rmdir()


def test_a_directory_whose_lock_is_a_link_is_not_swept(base, own, tmp_path):
    path = orphan(base, lock=False)
    (tmp_path / "precious").touch()
    (path / "lock").symlink_to(tmp_path / "precious")
    node_directory.sweep(own)
    assert path.exists()
    assert (tmp_path / "precious").exists()
    (path / "lock").unlink()
    (path / "session_1" / "logs").rmdir()
    (path / "session_1").rmdir()
    path.rmdir()


def test_a_launched_node_sweeps_after_a_delay(start, base):
    path = orphan(base)
    node = start(children.POLITE)
    node.launch()
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)  # no event reports the sweep
    assert not path.exists()


def test_other_directories_in_the_base_are_left_alone(base, own):
    spill = base / "ros-spill-c3edd9-head"
    spill.mkdir()
    long_ago = time.time() - 2 * 3600
    os.utime(spill, (long_ago, long_ago))
    node_directory.sweep(own)
    assert spill.exists()
    spill.rmdir()


def busy(base, monkeypatch, change):
    """A directory with two files; `change` runs just before the first one is removed."""
    path = base / "ros-busy00"
    path.mkdir(mode=0o700)
    (path / "a").touch()
    (path / "b").touch()
    remove_one = node_directory._remove_one
    changes = [change]

    def removing(entry, **options):
        if changes:
            changes.pop()(path)
        remove_one(entry, **options)

    monkeypatch.setattr(node_directory, "_remove_one", removing)
    return path


def test_a_file_that_disappears_during_a_removal_does_not_stop_it(base, monkeypatch):
    path = busy(base, monkeypatch, lambda path: (path / "a").rename(path / "z"))
    assert node_directory.remove(path) is None
    assert not path.exists()


def test_a_file_that_appears_during_a_removal_is_removed_too(base, monkeypatch):
    path = busy(base, monkeypatch, lambda path: (path / "late").touch())
    assert node_directory.remove(path) is None
    assert not path.exists()


def test_a_removal_gives_up_and_reports_it_if_files_keep_appearing(base, monkeypatch):
    path = busy(base, monkeypatch, lambda path: None)
    monkeypatch.setattr(node_directory, "REMOVAL_LIMIT_S", 0.0)
    remove_one = node_directory._remove_one

    def removing(entry, **options):
        remove_one(entry, **options)
        (path / "again").touch()

    with monkeypatch.context() as writing:
        writing.setattr(node_directory, "_remove_one", removing)
        assert "Directory not empty" in node_directory.remove(path)
    assert node_directory.remove(path) is None
