"""Where our jar is: in the wheel, or around this very file when Spark brought it."""

from __future__ import annotations

from pathlib import Path

from rayonspark._version import __version__


def our_jar() -> Path | None:
    """Give the jar that belongs to this package; None where the package came without one."""
    package = Path(__file__).parent
    jars = sorted((package / "jars").glob("*.jar"))
    exact = [jar for jar in jars if jar.stem.endswith(f"-{__version__}")]
    if exact or jars:
        return (exact or jars)[-1].resolve()
    # By `--packages` alone this file is an entry of the jar itself, which Python imports as a zip.
    return next(
        (part for part in package.parents if part.suffix == ".jar" and part.is_file()), None
    )
