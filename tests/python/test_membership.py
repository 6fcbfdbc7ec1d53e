"""No call on Ray gets through after this process has left its cluster."""

from __future__ import annotations

import threading

import pytest
from rayonspark._background import in_background
from rayonspark.data import membership as module
from rayonspark.data.membership import Membership
from rayonspark.errors import ClusterStoppedException

LIMIT_S = 20.0


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What Ray is connected to."""
    now: dict[str, str | None] = {"gcs": "10.0.0.1:6379"}
    monkeypatch.setattr(module, "_gcs_address", lambda: now["gcs"])
    return now


def test_calls_get_through_until_the_process_leaves(connection: dict[str, str | None]) -> None:
    membership = Membership("ros-1")
    with membership:
        pass
    membership.leave()
    membership.leave()

    assert membership.over
    with pytest.raises(ClusterStoppedException) as error, membership:
        pytest.fail("a call got through")
    assert str(error.value) == (
        "This process has left Ray cluster ros-1 during a transfer. Connect again, then repeat "
        "the transfer."
    )


@pytest.mark.parametrize("gcs", [None, "10.0.0.2:6379"])
def test_a_process_that_disconnects_or_connects_elsewhere_has_left(
    connection: dict[str, str | None], gcs: str | None
) -> None:
    membership = Membership("ros-1")
    connection["gcs"] = gcs

    assert membership.over
    with pytest.raises(ClusterStoppedException), membership:
        pytest.fail("a call got through")


def test_a_process_that_is_in_no_cluster_has_left(
    connection: dict[str, str | None],
) -> None:
    connection["gcs"] = None
    membership = Membership("ros-1")

    assert membership.over
    with pytest.raises(ClusterStoppedException), membership:
        pytest.fail("a call got through")


def test_leaving_waits_for_a_call_that_has_begun(connection: dict[str, str | None]) -> None:
    membership = Membership("ros-1")
    order = []
    begun = threading.Event()
    with membership:
        leaving = in_background("leave", lambda: (begun.set(), membership.leave(), order.append(2)))
        assert begun.wait(LIMIT_S)
        order.append(1)
    leaving.result(LIMIT_S)

    assert order == [1, 2]


def test_leaving_does_not_wait_for_a_call_that_hangs(
    connection: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAVE_S", 0.01)
    membership = Membership("ros-1")
    with membership:
        in_background("leave", membership.leave).result(LIMIT_S)

    assert membership.over


def test_the_next_call_gets_through_after_an_error(connection: dict[str, str | None]) -> None:
    membership = Membership("ros-1")
    with pytest.raises(KeyError), membership:
        raise KeyError("mine")
    with membership:
        pass
