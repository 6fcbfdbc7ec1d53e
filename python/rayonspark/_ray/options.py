"""The options of ``ray start`` and the arguments of ``ray.init`` that the installed Ray has."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from importlib.util import find_spec

from rayonspark._names import closest
from rayonspark.errors import InvalidSpecException


def installed() -> bool:
    """Return whether this Python has Ray; does not import it."""
    return "ray" in sys.modules or find_spec("ray") is not None


def start_options() -> frozenset[str]:
    """Return the options of ``ray start``, such as "--num-cpus". Imports Ray's command line."""
    from ray.scripts.scripts import start

    return frozenset(
        option
        for parameter in start.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    )


def init_arguments() -> frozenset[str]:
    """Return the arguments of ``ray.init`` that a connecting driver may set. Imports Ray."""
    import ray

    return frozenset(inspect.signature(ray.init).parameters) - {"address", "kwargs"}


def check_start_options(field: str, words: Iterable[str]) -> None:
    """Raise if one of these words is an option that ``ray start`` does not have.

    Does nothing without words, or where this Python has no Ray that knows the options.

    Parameters
    ----------
    field : str
        Name of the field with the words, for the error.
    words : iterable of str
        Words of the command line: "--name=value", or "--name" and "value".
    """
    named = [word.partition("=")[0] for word in words if word.startswith("--")]
    if not named or not installed():
        return
    valid = start_options()
    for name in named:
        if name not in valid:
            near = closest(name, valid)
            advice = f'Did you mean "{near}"?' if near else "See ray start --help for those it has."
            raise InvalidSpecException(f'{field}: ray start has no option "{name}". {advice}')
