"""A user's machine: an interpreter, a Spark and a directory that do not know the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyspark

SPARK_HOME = Path(pyspark.__file__).parent
LIMIT_S = 180.0

# The user's processes must not inherit these variables from the tests.
OURS = ("PYTHON", "PYSPARK_", "SPARK_", "RAY_", "VIRTUAL_ENV")


@dataclass(frozen=True)
class User:
    """Somebody who runs programs with `python`, in `home`, with an environment of their own."""

    python: Path
    home: Path

    @classmethod
    def create(cls, home: Path) -> User:
        """A fresh environment that has pyspark and Ray, and not this checkout."""
        venv.create(home / "venv", symlinks=True)
        user = cls(home / "venv/bin/python", home)
        # Ray and Spark are a gigabyte, so the tests' installation is used. Python does not read
        # its .pth files this way, and one of them names the checkout.
        borrowed = sysconfig.get_path("purelib")
        paths = {"base": str(home / "venv"), "platbase": str(home / "venv")}
        site = Path(sysconfig.get_path("purelib", vars=paths))
        (site / "borrowed.pth").write_text(f"{borrowed}\n")
        return user

    def install(self, wheel: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet"]
        options = ["--no-index", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *options, str(wheel)], check=True, cwd=self.home)

    def run(self, program: Path, *arguments: str) -> str:
        """Run a Python program, and return what it wrote to stdout."""
        return self._output([str(self.python), str(program), *arguments])

    def spark_submit(self, *arguments: str) -> str:
        return self._output([str(SPARK_HOME / "bin/spark-submit"), *arguments])

    def pyspark(self, typed: str, *arguments: str) -> str:
        """Type a program into the pyspark shell."""
        # Python reads the shell's own start-up file only in interactive mode.
        interactive = {"PYSPARK_DRIVER_PYTHON_OPTS": "-i"}
        return self._output([str(SPARK_HOME / "bin/pyspark"), *arguments], typed, interactive)

    def _output(
        self, argv: list[str], typed: str = "", environment: Mapping[str, str] | None = None
    ) -> str:
        done = subprocess.run(
            argv,
            cwd=self.home,
            env=self._environment() | dict(environment or {}),
            input=typed,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        said = f"{argv}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"exit code {done.returncode} of {said}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return kept | {
            "PYSPARK_PYTHON": str(self.python),
            "SPARK_HOME": str(SPARK_HOME),
            "SPARK_SCALA_VERSION": "2.13",  # local-cluster needs it when pip installed Spark
        }
