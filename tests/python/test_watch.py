import threading

import pytest
from rayonspark._background import in_background
from rayonspark._progress import Progress
from rayonspark._watch import EndingWatch


def test_a_watch_that_never_began_is_joined_at_once() -> None:
    EndingWatch("c", lambda: "stopped", lambda: None).join(60)


def test_a_watch_calls_once_at_the_end_and_its_thread_is_gone() -> None:
    end, calls = threading.Event(), []

    def until_end() -> str:
        end.wait(10)
        return "stopping"

    watch = EndingWatch("c", until_end, lambda: calls.append("ended"))
    watch.start()
    watch.start()
    assert [each.daemon for each in threading.enumerate() if each.name == "rayonspark-watch-c"] == [
        True
    ]
    assert calls == []
    end.set()
    watch.join(5)
    assert calls == ["ended"]
    assert all(each.name != "rayonspark-watch-c" for each in threading.enumerate())


def test_a_failed_cluster_is_said(caplog: pytest.LogCaptureFixture) -> None:
    watch = EndingWatch("c", lambda: "failed", lambda: None)
    watch.start()
    watch.join(5)
    assert caplog.messages == ["Ray cluster c has ended: failed"]


def test_an_error_of_disconnecting_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise OSError("broken")

    watch = EndingWatch("c", lambda: "stopping", broken)
    watch.start()
    watch.join(5)
    assert caplog.messages == ["Ray cluster c: disconnecting failed."]


def test_background_work_gives_its_result_and_its_error() -> None:
    def fail() -> None:
        raise KeyError("k")

    assert in_background("t", lambda: 7).result(5) == 7
    assert isinstance(in_background("t", fail).exception(5), KeyError)


def test_progress_is_silent_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(lambda: "0 of 2 nodes").show()
    assert capsys.readouterr().err == ""


def test_progress_is_written_once_per_change(capsys: pytest.CaptureFixture[str]) -> None:
    said = iter(["", "0 of 2 nodes", "0 of 2 nodes", "1 of 2 nodes", ""])
    progress = Progress(lambda: next(said), quiet_s=0.0)
    for _ in range(5):
        progress.show()
    assert capsys.readouterr().err == "RayOnSpark: 0 of 2 nodes\nRayOnSpark: 1 of 2 nodes\n"
