"""``yarn-cluster``: this script, run by spark-submit in the application master."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from rayonspark._jars import our_jar
from rayonspark._progress import say
from rayonspark.errors import InvalidSpecException

_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
_USERS_CODE = re.compile(r"User application exited with status (\d+)")


def run(conf: Mapping[str, str], environment: Mapping[str, str]) -> NoReturn:
    """Submit the script that runs in this process, wait for it, and exit as it has.

    Parameters
    ----------
    conf : mapping
        Spark's configuration for the application.
    environment : mapping
        Variables for spark-submit, beside those of this process.

    Raises
    ------
    InvalidSpecException
        This process runs no script that could be submitted.
    """
    argv = command(conf, script(sys.modules["__main__"]), sys.argv[1:])
    with subprocess.Popen(
        argv,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as client:
        assert client.stdout is not None
        application, users = _follow(client.stdout)
    if application is not None:
        say(f"{application} has ended. Its logs: yarn logs -applicationId {application}")
    raise SystemExit(users if users is not None else client.returncode)


def command(conf: Mapping[str, str], script: Path, arguments: Sequence[str]) -> list[str]:
    """Give the command line that submits a script."""
    from pyspark.find_spark_home import _find_spark_home

    ours = our_jar()
    # The jar has the Python half in it.
    conf = {**conf, **_with(conf, "spark.jars", ours), **_with(conf, "spark.submit.pyFiles", ours)}
    files = conf.pop("spark.submit.pyFiles", "")
    settings = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    more = ["--py-files", files] if files else []
    submit = str(Path(_find_spark_home(), "bin", "spark-submit"))
    return [submit, *settings, *more, str(script), *arguments]


def script(main: object) -> Path:
    """Give the file of the program that runs.

    Raises
    ------
    InvalidSpecException
        It is no file that somebody else could run: a REPL, a notebook, a module of ``python -m``.
    """
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None or hasattr(sys, "ps1"):
        raise InvalidSpecException(
            'cluster_mode="yarn-cluster" submits the script that calls it, and this is no script: '
            "an interactive interpreter, a notebook, or a module of python -m. Put the program "
            "into a file and run it by spark-submit --master yarn --deploy-mode cluster, or use "
            'cluster_mode="yarn-client".'
        )
    return Path(file).absolute()


def _with(conf: Mapping[str, str], key: str, file: Path | None) -> dict[str, str]:
    there = [path for path in conf.get(key, "").split(",") if path]
    if file is None or any(Path(path).name == file.name for path in there):
        return {}
    return {key: ",".join([*there, str(file)])}


def _follow(output: IO[str]) -> tuple[str | None, int | None]:
    """Pass on what spark-submit says; give the application's id, and its own exit status."""
    application, status = None, None
    for line in output:
        sys.stderr.write(line)
        if found := _APPLICATION.search(line):
            application = found.group()
        if found := _USERS_CODE.search(line):
            status = int(found.group(1))
    return application, status
