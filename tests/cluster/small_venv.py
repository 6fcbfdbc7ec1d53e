"""A Python environment that is small enough to ship in a test."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path


def small_venv(path: Path) -> Path:
    """Make a venv with one module of its own; the large packages stay where every host has them."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = path / "lib" / version / "site-packages"
    (site / "large.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    (site / "only_here.py").write_text("WORD = 'travelled'\n")
    return path
