import threading

import pytest
from rayonspark._background import in_background
from rayonspark._end_monitor import EndMonitor
from rayonspark._end_reason import EndReason
from rayonspark._progress import Progress
from rayonspark.errors import RayOnSparkException

Endings = list[EndReason]


def test_joining_a_monitor_that_never_started_returns_immediately() -> None:
    endings: Endings = []
    joined = in_background(
        "join", lambda: EndMonitor("c", lambda: "stopped", lambda: None, endings.append).join(3600)
    )
    assert joined.result(20) is None
    assert endings == []


def test_a_monitor_calls_once_at_the_end_and_its_thread_is_gone() -> None:
    end, endings = threading.Event(), Endings()

    def until_end() -> str:
        end.wait(10)
        return "stopping"

    monitor = EndMonitor("c", until_end, lambda: None, endings.append)
    monitor.start()
    monitor.start()
    assert [each.daemon for each in threading.enumerate() if each.name == "rayonspark-watch-c"] == [
        True
    ]
    assert endings == []
    end.set()
    monitor.join(5)
    assert endings == [EndReason("c")]
    assert all(each.name != "rayonspark-watch-c" for each in threading.enumerate())


def test_a_failure_is_logged_once_as_an_error_and_a_requested_end_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failure = RayOnSparkException("GCS has died.")
    endings: Endings = []
    for read in (lambda: failure, lambda: None):
        monitor = EndMonitor("c", lambda: "stopping", read, endings.append)
        monitor.start()
        monitor.join(5)
    assert endings == [EndReason("c", failure), EndReason("c")]
    assert [(line.levelname, line.getMessage()) for line in caplog.records] == [
        ("ERROR", "Ray cluster c failed: GCS has died.")
    ]


def test_an_error_while_disconnecting_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: EndReason) -> None:
        raise OSError("broken")

    monitor = EndMonitor("c", lambda: "stopping", lambda: None, broken)
    monitor.start()
    monitor.join(5)
    assert caplog.messages == ["Ray cluster c: disconnecting failed."]


def test_background_work_returns_its_result_or_its_error() -> None:
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
