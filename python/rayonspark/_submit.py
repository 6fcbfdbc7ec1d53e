"""``yarn-cluster`` and ``k8s-cluster``: submits this script to run in a container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from rayonspark import _gateway, _jvm
from rayonspark._jars import our_jar
from rayonspark._kubernetes import UPLOAD_KEY
from rayonspark._launch import wait
from rayonspark._progress import Progress, say
from rayonspark._versions import build_for
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import InvalidSpecException

_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
_USERS_CODE = re.compile(r"User application exited with status (\d+)")


def run(conf: Mapping[str, str], environment: Mapping[str, str], mode: ClusterMode) -> NoReturn:
    """Submit the script that this process runs, wait for it, and exit with its exit status.

    Parameters
    ----------
    conf : mapping
        Spark's configuration for the application.
    environment : mapping
        Environment variables for spark-submit on YARN, in addition to those of this process.
    mode : ClusterMode
        One of the modes that submit the script.

    Raises
    ------
    SystemExit
        The submitted script has ended.
    InvalidSpecException
        This process does not run a script that can be submitted.
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
        application, status = _follow(client.stdout)
    if application is not None:
        say(f"{application} has ended. Its logs: yarn logs -applicationId {application}")
    return status if status is not None else client.returncode


def _in_a_pod(conf: Mapping[str, str], file: Path, arguments: Sequence[str]) -> int:
    """Submit to Kubernetes from our own JVM, because spark-submit's exit status is always 0."""
    from pyspark import java_gateway

    uploads = UPLOAD_KEY in conf
    target = str(file) if uploads else f"local://{file}"
    words = command(conf, target, arguments, with_jar=uploads)[1:]
    if not uploads:
        say(f"the driver's pod runs {file} from its image. To send this file, set {UPLOAD_KEY}.")
    launch: Any = java_gateway.launch_gateway
    pod = _jvm.JvmDriverPod(launch().jvm, words)
    say(f"the driver's pod is {pod.name()!r}; to end it: kubectl delete pod {pod.name()}")
    try:
        wait(lambda _: pod.ended(), Progress(pod.progress))
        return pod.exit_code()
    finally:
        pod.close()


def command(
    conf: Mapping[str, str], script: str, arguments: Sequence[str], *, with_jar: bool = True
) -> list[str]:
    """Return the command line that submits a script.

    Parameters
    ----------
    conf : mapping
        Spark's configuration for the application.
    script : str
        Path or URL of the script.
    arguments : sequence of str
        Arguments of the script.
    with_jar : bool, optional
        Whether to send RayOnSpark's jar. Default: True.
    """
    from pyspark.find_spark_home import _find_spark_home

    jar = our_jar(build_for(_gateway.found_spark())) if with_jar else None
    # The jar also contains the Python package.
    conf = {**conf, **_with(conf, "spark.jars", jar), **_with(conf, "spark.submit.pyFiles", jar)}
    files = conf.pop("spark.submit.pyFiles", "")
    settings = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    more = ["--py-files", files] if files else []
    submit = str(Path(_find_spark_home(), "bin", "spark-submit"))
    return [submit, *settings, *more, script, *arguments]


def script(main: object, mode: ClusterMode) -> Path:
    """Return the absolute path of the script that this process runs.

    Parameters
    ----------
    main : object
        The module ``__main__``.
    mode : ClusterMode
        For the error.

    Raises
    ------
    InvalidSpecException
        There is no such file: this is a REPL, a notebook, or a module of ``python -m``.
    """
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None or hasattr(sys, "ps1"):
        client = mode.value.replace("-cluster", "-client")
        master = "yarn" if mode.is_yarn else "k8s://…"
        raise InvalidSpecException(
            f'cluster_mode="{mode.value}" submits the script that calls it, and this is not a '
            "script: it is an interactive interpreter, a notebook, or a module of python -m. Put "
            f"the program into a file and run it with spark-submit --master {master} --deploy-mode "
            f'cluster, or use cluster_mode="{client}".'
        )
    return Path(file).absolute()


def _with(conf: Mapping[str, str], key: str, file: Path | None) -> dict[str, str]:
    present = [path for path in conf.get(key, "").split(",") if path]
    if file is None or any(Path(path).name == file.name for path in present):
        return {}
    return {key: ",".join([*present, str(file)])}


def _follow(output: IO[str]) -> tuple[str | None, int | None]:
    """Copy spark-submit's output to stderr; return the application's id and the script's status."""
    application, status = None, None
    for line in output:
        sys.stderr.write(line)
        if found := _APPLICATION.search(line):
            application = found.group()
        if found := _USERS_CODE.search(line):
            status = int(found.group(1))
    return application, status
