"""Work in a background thread, and what Ctrl-C does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from rayonspark import _background
from rayonspark._background import undone_if_interrupted

LIMIT_S = 20.0


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[threading.Event], None]:
    """Interrupt the wait for the next work when an event is set."""

    def interrupt(moment: threading.Event) -> None:
        class Future(_background.Future):  # type: ignore[type-arg]
            def result(self, timeout: float | None = None) -> object:
                if threading.current_thread() is threading.main_thread():
                    assert moment.wait(LIMIT_S)
                    raise Interrupted
                return super().result(timeout)

        monkeypatch.setattr(_background, "Future", Future)

    return interrupt


def test_work_that_succeeds_is_not_undone() -> None:
    undone: list[int] = []
    assert undone_if_interrupted("t", lambda: 7, undone.append) == 7
    assert undone == []


def test_work_that_fails_is_not_undone() -> None:
    undone: list[int] = []
    with pytest.raises(ZeroDivisionError):
        undone_if_interrupted("t", lambda: 1 // 0, undone.append)
    assert undone == []


def test_work_whose_caller_is_interrupted_is_undone_before_the_caller_continues(
    interrupted: Callable[[threading.Event], None],
) -> None:
    working = threading.Event()
    interrupted(working)
    undone: list[int] = []

    def work() -> int:
        working.set()
        return 7

    with pytest.raises(Interrupted):
        undone_if_interrupted("t", work, undone.append)
    assert undone == [7]


def test_an_error_while_undoing_work_does_not_hide_the_interruption(
    interrupted: Callable[[threading.Event], None], caplog: pytest.LogCaptureFixture
) -> None:
    working = threading.Event()
    interrupted(working)

    def undo(_: object) -> None:
        raise RuntimeError("It is too late.")

    with pytest.raises(Interrupted):
        undone_if_interrupted("t", working.set, undo)
    assert "It is too late." in caplog.text


def test_work_that_has_not_begun_before_the_interruption_never_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Callable[[], None]] = []

    class Thread:
        def __init__(self, target: Callable[[], None], **_: object) -> None:
            self._target = target

        def start(self) -> None:
            begun.append(self._target)
            raise Interrupted

    monkeypatch.setattr(_background.threading, "Thread", Thread)
    done: list[int] = []
    with pytest.raises(Interrupted):
        undone_if_interrupted("t", lambda: done.append(1), lambda _: None)
    begun[0]()
    assert done == []
