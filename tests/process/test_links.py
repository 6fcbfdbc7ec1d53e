"""A node neither follows nor removes what another user of the host has planted."""

import importlib.util
import os
import stat

import pytest
from guarded import RESOURCES


def resource(name):
    spec = importlib.util.spec_from_file_location(name, RESOURCES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


node_directory, node_logs = resource("node_directory"), resource("node_logs")

NOBODY = 65534


@pytest.fixture
def node(tmp_path):
    """A node's directory with one log, as Ray leaves it."""
    directory = tmp_path / "ros-aaaaaa"
    logs = directory / "r" / "session_1" / "logs"
    (logs / "events").mkdir(parents=True)
    (logs / "raylet.out").write_text("of the raylet\n")
    (logs / "events" / "event.log").write_text("deep\n")
    for name in ("lock", "ray.out", "guard.err"):
        (directory / name).touch()
    directory.chmod(0o700)
    return directory


@pytest.fixture
def own(tmp_path):
    directory = tmp_path / "ros-000own"
    directory.mkdir()
    return directory


@pytest.fixture
def precious(tmp_path):
    """A directory of the same user that has nothing to do with Ray."""
    directory = tmp_path / "precious"
    directory.mkdir(mode=0o700)
    (directory / "key").write_text("secret\n")
    (directory / "key").chmod(0o600)
    return directory


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_retained_logs_are_private_to_their_owner_whatever_the_umask(node, tmp_path):
    before = os.umask(0)
    try:
        assert node_logs.keep_logs(node, tmp_path / "made" / "logs", "") is None
    finally:
        os.umask(before)
    logs = tmp_path / "made" / "logs"
    assert (logs / "raylet.out").read_text() == "of the raylet\n"
    assert (logs / "events" / "event.log").read_text() == "deep\n"
    assert [mode(path) for path in (logs.parent, logs, logs / "events")] == [0o700] * 3
    assert [mode(path) for path in (logs / "raylet.out", logs / "events/event.log")] == [0o600] * 2


def test_a_log_directory_that_already_exists_is_refused(node, tmp_path):
    target = tmp_path / "logs"
    target.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    (target / "raylet.out").symlink_to(victim)
    trouble = node_logs.keep_logs(node, target, "")
    assert victim.read_text() == "mine\n"
    assert trouble == (
        f'Ray\'s logs were not copied to "{target}": someone else has already created it. '
        "Set `log_dir` to a directory that only this user may write to."
    )


def test_a_log_directory_that_is_a_link_is_refused(node, tmp_path, precious):
    (tmp_path / "logs").symlink_to(precious)
    assert node_logs.keep_logs(node, tmp_path / "logs", "")
    assert [path.name for path in precious.iterdir()] == ["key"]


def test_a_link_in_a_shared_log_directory_is_replaced_and_not_followed(node, tmp_path):
    shared = tmp_path / "container"
    shared.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    (shared / "ray-n-raylet.out").symlink_to(victim)
    assert node_logs.keep_logs(node, shared, "ray-n-") is None
    assert victim.read_text() == "mine\n"
    assert not (shared / "ray-n-raylet.out").is_symlink()
    assert (shared / "ray-n-raylet.out").read_text() == "of the raylet\n"


def test_the_group_can_read_logs_in_a_shared_log_directory(node, tmp_path):
    """YARN's NodeManager runs as a different user, and reads the logs by group permission."""
    shared = tmp_path / "container"
    shared.mkdir()
    before = os.umask(0)
    try:
        assert node_logs.keep_logs(node, shared, "ray-n-") is None
    finally:
        os.umask(before)
    assert {mode(path) for path in shared.iterdir()} == {0o640}


def test_logs_can_be_copied_to_a_shared_log_directory_twice(node, tmp_path):
    shared = tmp_path / "container"
    shared.mkdir()
    node_logs.keep_logs(node, shared, "ray-n-")
    (node / "r/session_1/logs/raylet.out").write_text("and its end\n")
    assert node_logs.keep_logs(node, shared, "ray-n-") is None
    assert (shared / "ray-n-raylet.out").read_text() == "and its end\n"


@pytest.mark.parametrize("below", ["session_evil/logs", "session_1/logs/more"])
def test_a_link_among_the_logs_is_not_followed(node, tmp_path, precious, below):
    link = node / "r" / below
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(precious)
    assert node_logs.keep_logs(node, tmp_path / "logs", "") is None
    assert not [path for path in (tmp_path / "logs").rglob("*") if path.name == "key"]


def test_a_removal_never_follows_a_link(tmp_path, precious):
    link = tmp_path / "ros-stage-x"
    link.symlink_to(precious)
    assert node_directory.remove(link) == (
        f'Directory "{link}" was not removed: it is not a directory of this user.'
    )
    assert (precious / "key").exists()


def test_a_companion_that_is_a_link_is_not_swept(node, own, tmp_path, precious, capsys):
    link = tmp_path / "ros-stage-x"
    link.symlink_to(precious)
    node_directory.note_companions(node, [str(link)])
    node_directory.sweep(own)
    assert (precious / "key").exists()
    assert not node.exists()
    assert str(link) in capsys.readouterr().err


def test_a_companion_whose_name_no_node_uses_is_not_swept(node, own, precious, capsys):
    node_directory.note_companions(node, [str(precious)])
    node_directory.sweep(own)
    assert (precious / "key").exists()
    assert not node.exists()
    assert str(precious) in capsys.readouterr().err


def test_companions_are_ignored_if_others_can_write_to_the_directory(node, own, tmp_path):
    staging = tmp_path / "ros-stage-x"
    staging.mkdir()
    node_directory.note_companions(node, [str(staging)])
    node.chmod(0o777)
    node_directory.sweep(own)
    assert staging.exists()
    assert not node.exists()


def test_a_list_of_companions_that_is_a_link_is_not_read(node, own, tmp_path):
    staging = tmp_path / "ros-stage-x"
    staging.mkdir()
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(f'["{staging}"]')
    (node / "companions.json").symlink_to(elsewhere)
    node_directory.sweep(own)
    assert staging.exists()
    assert not node.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("theirs", ["lock", "companions.json"])
def test_a_lock_or_list_of_companions_of_another_user_is_ignored(node, own, tmp_path, theirs):
    staging = tmp_path / "ros-stage-x"
    staging.mkdir()
    node_directory.note_companions(node, [str(staging)])
    os.chown(node / theirs, NOBODY, NOBODY)
    node_directory.sweep(own)
    assert staging.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_a_directory_of_another_user_is_not_removed(tmp_path):
    theirs = tmp_path / "ros-stage-x"
    theirs.mkdir()
    (theirs / "file").touch()
    os.chown(theirs, NOBODY, NOBODY)
    assert "not a directory of this user" in (node_directory.remove(theirs) or "")
    assert (theirs / "file").exists()


def test_the_list_of_companions_is_never_written_through_a_link(node, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    (node / "companions.json").symlink_to(victim)
    with pytest.raises(FileExistsError):
        node_directory.note_companions(node, [])
    assert victim.read_text() == "mine\n"
