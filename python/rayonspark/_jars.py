"""Where RayOnSpark's jars are: in the wheel, or the jar that contains this very file."""

from __future__ import annotations

from pathlib import Path

from rayonspark._versions import Build
from rayonspark.errors import RayOnSparkException


def our_jar(build: Build) -> Path:
    """Return the path of this package's jar for a build.

    Raises
    ------
    RayOnSparkException
        The package was not installed as a wheel, or is inside the jar of another build.
    """
    package = Path(__file__).parent
    jar = package / "jars" / build.jar
    if jar.is_file():
        return jar.resolve()
    # With `--packages` alone, this file is an entry of the jar, which Python imports as a zip.
    around = next((part for part in package.parents if part.suffix == ".jar"), None)
    if around is not None and build.name in around.name:
        return around
    raise RayOnSparkException(
        f"The Python package in {str(around or package)!r} has no jar for Spark {build.spark} with "
        f"Scala {build.scala}. Install RayOnSpark's wheel, or start Spark with --packages "
        f"{build.coordinate}."
    )
