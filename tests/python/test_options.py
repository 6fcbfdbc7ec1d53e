"""Options of `ray start`, read from the installed Ray."""

from __future__ import annotations

import pytest
from rayonspark import _ray
from rayonspark.errors import InvalidSpecException


def test_options_and_arguments_are_read_from_the_installed_ray() -> None:
    assert {"--head", "--num-cpus", "--disable-usage-stats"} <= _ray.start_options()
    assert {"namespace", "runtime_env", "log_to_driver"} <= _ray.init_arguments()
    assert "address" not in _ray.init_arguments()


def test_options_of_ray_start_are_accepted() -> None:
    _ray.check_start_options("head_args", [])
    _ray.check_start_options("head_args", ["--disable-usage-stats", "--ray-debugger-external"])
    _ray.check_start_options("worker_args", ["--plasma-directory=/tmp/--x", "--num-cpus", "2"])


def test_an_unknown_option_is_an_error_that_names_the_closest() -> None:
    with pytest.raises(InvalidSpecException) as raised:
        _ray.check_start_options("head_args", ["--disable-usage-stat"])
    assert str(raised.value) == (
        'head_args: ray start has no option "--disable-usage-stat". Did you mean '
        '"--disable-usage-stats"?'
    )
