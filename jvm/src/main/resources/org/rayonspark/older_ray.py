"""Adapts the command line of `ray start` to older versions of Ray, in the node's own process.

RayCommand writes the command line for the newest Ray. This is what changed in which version:

    2.55  Each node uses its own temp and spill directory. Before, every node used the head's:
          workers on one host interfered with each other, and on other hosts nothing removed them.
    2.54  A raylet accepts its agent's port on the command line; before, it exited at this option.
    2.45  Labels are "key=value,…"; before, they were JSON.

Uses private API of Ray 2.41 to 2.54.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from typing import Any

LABELS = "--labels="
SPILL_DIRECTORY = "--object-spilling-directory="
TEMP_DIRECTORY = "--temp-dir="
# Ray reads it if neither an option nor GCS says where to spill.
SPILL_VARIABLE = "RAY_object_spilling_config"


def is_before(version: str, major: int, minor: int) -> bool:
    """Whether the version is older; false for a development build, which counts as new."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < (major, minor)


def raylet_takes_agent_port(version: str) -> bool:
    return not is_before(version, 2, 54)


def fit(version: str, arguments: list[str]) -> list[str]:
    """Returns the arguments of `ray start` as this Ray understands them.

    Call it before `ray start`: what this Ray has no argument for is set in this process.
    """
    if is_before(version, 2, 55):
        spill, arguments = _split_off(SPILL_DIRECTORY, arguments)
        if spill is not None:
            _spill_to(spill)
        if "--head" not in arguments:
            own, arguments = _split_off(TEMP_DIRECTORY, arguments)
            _use_temp_directory(own)
    if is_before(version, 2, 45):
        arguments = [_labels_as_json(each) for each in arguments]
    return arguments


def _split_off(option: str, arguments: list[str]) -> tuple[str | None, list[str]]:
    """Returns the option's value, and the arguments without it."""
    values = [each[len(option) :] for each in arguments if each.startswith(option)]
    rest = [each for each in arguments if not each.startswith(option)]
    return (values[-1] if values else None), rest


def _spill_to(directory: str) -> None:
    """Sets a variable that a raylet reads, unless GCS has the head's directory for all nodes."""
    # A raylet exits if the directory is missing.
    os.makedirs(directory, exist_ok=True)
    target = {"type": "filesystem", "params": {"directory_path": directory}}
    os.environ[SPILL_VARIABLE] = json.dumps(target)
    # In this method, the head's node would send its directory to GCS.
    _module("ray._private.node").Node.validate_external_storage = lambda node: None


def _use_temp_directory(directory: str | None) -> None:
    """Gives a worker node its own temp directory, which only `ray start` itself would drop."""
    parameter = _module("ray._private.parameter")
    make = parameter.RayParams
    parameter.RayParams = lambda **asked: make(**{**asked, "temp_dir": directory})


def _labels_as_json(argument: str) -> str:
    if not argument.startswith(LABELS):
        return argument
    pairs = argument[len(LABELS) :].split(",")
    return LABELS + json.dumps(dict(pair.split("=", 1) for pair in pairs if pair))


def _module(name: str) -> Any:
    return importlib.import_module(name)
