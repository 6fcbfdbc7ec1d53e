"""This process as a Ray driver: besides `data`, the only package that imports Ray."""

from rayonspark._ray.connection import RayConnection, exit_on_sigterm
from rayonspark._ray.data_calls import DataCalls
from rayonspark._ray.options import check_start_options, init_arguments, start_options
from rayonspark._ray.process import (
    check_arguments,
    initialized,
    load,
    require_free,
    require_supported,
    require_tokens,
)

__all__ = [
    "DataCalls",
    "RayConnection",
    "check_arguments",
    "check_start_options",
    "exit_on_sigterm",
    "init_arguments",
    "initialized",
    "load",
    "require_free",
    "require_supported",
    "require_tokens",
    "start_options",
]
