"""What a node does with the directories of nodes that died whole."""

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
    staging = tmp_path / "staging"
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


def test_a_lock_that_is_a_link_is_no_lock(base, own, tmp_path):
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


def test_a_launched_node_sweeps_in_its_idle_time(start, base):
    path = orphan(base)
    node = start(children.POLITE)
    node.launch()
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)  # the sweep tells nobody
    assert not path.exists()


def test_other_tenants_of_the_base_are_left_alone(base, own):
    spill = base / "ros-spill-c3edd9-head"
    spill.mkdir()
    long_ago = time.time() - 2 * 3600
    os.utime(spill, (long_ago, long_ago))
    node_directory.sweep(own)
    assert spill.exists()
    spill.rmdir()
