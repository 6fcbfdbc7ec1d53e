"""The built artefacts as a user gets them: outside the checkout, in an environment of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.leftovers import Leftovers

from .artefacts import COORDINATES, EXAMPLES_JAR, JAR, POM, REPOSITORY, WHEEL
from .user import User


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    missing = [str(path) for path in (WHEEL, JAR, POM, EXAMPLES_JAR) if not path.is_file()]
    assert not missing, f"Not built: {', '.join(missing)}. Run make wheel first."


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    before = Leftovers.before()
    yield
    before.assert_none()


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Has Spark and Ray, but not RayOnSpark."""
    return User.create(tmp_path_factory.mktemp("user"))


@pytest.fixture(scope="session")
def user_of_wheel(tmp_path_factory: pytest.TempPathFactory) -> User:
    user = User.create(tmp_path_factory.mktemp("user-of-wheel"))
    user.install(WHEEL)
    return user


@pytest.fixture
def packages(tmp_path: Path) -> list[str]:
    """The options that make Spark take the jar from the repository; Ivy's cache starts empty."""
    return [
        *("--packages", COORDINATES),
        *("--repositories", REPOSITORY.as_uri()),
        *("--conf", f"spark.jars.ivy={tmp_path / 'ivy'}"),
    ]
