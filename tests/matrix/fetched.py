"""The folders of what the tools of this checkout fetch."""

from __future__ import annotations

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


class CannotRunError(Exception):
    """A cell needs something that this machine does not have; the message says what."""


def folder(*command: str) -> Path:
    """Run a tool, and return the folder that it prints."""
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise CannotRunError(f"{' '.join(command)}: {''.join(said)}")
    return Path(done.stdout.strip())
