"""``yarn-cluster`` and ``k8s-cluster``: this script, run by spark-submit in a container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from rayonspark import _jvm
from rayonspark._jars import our_jar
from rayonspark._kubernetes import UPLOAD_KEY
from rayonspark._launch import wait
from rayonspark._progress import Progress, say
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import InvalidSpecException

_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
_USERS_CODE = re.compile(r"User application exited with status (\d+)")


def run(conf: Mapping[str, str], environment: Mapping[str, str], mode: ClusterMode) -> NoReturn:
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
    RayOnSparkException
        Kubernetes cannot start the driver's pod.
    """
    file = script(sys.modules["__main__"], mode)
    if mode.is_kubernetes:
        raise SystemExit(_in_a_pod(conf, file, sys.argv[1:]))
    raise SystemExit(_on_yarn(command(conf, str(file), sys.argv[1:]), environment))


def _on_yarn(argv: list[str], environment: Mapping[str, str]) -> int:
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
    return users if users is not None else client.returncode


def _in_a_pod(conf: Mapping[str, str], file: Path, arguments: Sequence[str]) -> int:
    """Submit to Kubernetes by a JVM of ours: spark-submit's exit status would always be 0."""
    from pyspark import java_gateway

    sends = UPLOAD_KEY in conf
    words = command(conf, str(file) if sends else f"local://{file}", arguments, ours=sends)[1:]
    if not sends:
        say(f"the driver's pod runs the {file} of its image. To send this one: {UPLOAD_KEY}.")
    launch: Any = java_gateway.launch_gateway
    pod = _jvm.JvmDriverPod(launch().jvm, words)
    say(f"the driver's pod is {pod.name()!r}; to end it: kubectl delete pod {pod.name()}")
    try:
        wait(lambda _: pod.ended(), Progress(pod.progress))
        return pod.exit_code()
    finally:
        pod.close()


def command(
    conf: Mapping[str, str], script: str, arguments: Sequence[str], *, ours: bool = True
) -> list[str]:
    """Give the command line that submits a script.

    Parameters
    ----------
    ours : bool, optional
        Whether our jar is sent along. Default True.
    """
    from pyspark.find_spark_home import _find_spark_home

    jar = our_jar() if ours else None
    # The jar has the Python half in it.
    conf = {**conf, **_with(conf, "spark.jars", jar), **_with(conf, "spark.submit.pyFiles", jar)}
    files = conf.pop("spark.submit.pyFiles", "")
    settings = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    more = ["--py-files", files] if files else []
    submit = str(Path(_find_spark_home(), "bin", "spark-submit"))
    return [submit, *settings, *more, script, *arguments]


def script(main: object, mode: ClusterMode) -> Path:
    """Give the file of the program that runs.

    Raises
    ------
    InvalidSpecException
        It is no file that somebody else could run: a REPL, a notebook, a module of ``python -m``.
    """
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None or hasattr(sys, "ps1"):
        client = mode.value.replace("-cluster", "-client")
        master = "yarn" if mode.is_yarn else "k8s://…"
        raise InvalidSpecException(
            f'cluster_mode="{mode.value}" submits the script that calls it, and this is no script: '
            "an interactive interpreter, a notebook, or a module of python -m. Put the program "
            f"into a file and run it by spark-submit --master {master} --deploy-mode cluster, or "
            f'use cluster_mode="{client}".'
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
