"""Runs test suites, one for every two cores at a time if this machine can keep them apart.

python tests/suites.py [NAME ...]

Each suite has a budget, in seconds on two cores once everything is built. The last line of a suite
that takes 1.5 times its budget says so, and the run still passes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
TOO_LONG = 1.5
"""Times its budget."""
OUTPUT_S = 10.0
"""Limit for the rest of the output of a suite that has ended."""
FAILURE = re.compile(r"^(FAILED|ERROR) |\*\*\* FAILED \*\*\*")
"""A line of pytest or ScalaTest that names a failed test."""


@dataclass(frozen=True)
class Suite:
    """One directory of tests, or the JVM's own."""

    name: str
    budget_s: int

    @property
    def command(self) -> list[str]:
        if self.name == "jvm":
            return ["./sbt", "testJar"]
        return [sys.executable, "-m", "pytest", f"tests/{self.name}"]


SUITES = {
    suite.name: suite
    for suite in (
        Suite("jvm", 180),
        Suite("python", 15),
        Suite("process", 120),
        Suite("security", 60),
        Suite("cluster", 650),
        Suite("exchange", 700),
        Suite("yarn", 700),
        Suite("kubernetes", 700),
        Suite("matrix", 240),
        Suite("release", 180),
    )
}
"""In the order in which they start."""

# A suite looks at the machine's processes and at these directories for what it has left behind.
_APART = """
mount --bind "$1" /tmp && mount -t tmpfs -o mode=1777 shm /dev/shm && shift && "$@"
"""


def apart(directory: str, command: list[str]) -> list[str]:
    """Give a command that runs with processes, /tmp and /dev/shm of its own, and leaves nothing."""
    # Whatever ends this process ends them, too.
    tied = ["setpriv", "--pdeathsig", "KILL"]
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    # The shell is the first process there, and reaps what its children leave.
    return [*tied, *namespaces, "bash", "-c", _APART + "exit $?", "-", directory, *command]


def can_keep_apart() -> bool:
    """Whether this user may make namespaces: root may, unless a container forbids it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("setpriv", "unshare"))):
        return False
    with tempfile.TemporaryDirectory() as directory:
        tried = subprocess.run(apart(directory, ["true"]), capture_output=True, check=False)
    return tried.returncode == 0


@dataclass(frozen=True)
class Result:
    """How a suite ended, with the lines of its output that name failed tests."""

    suite: Suite
    status: int
    seconds: float
    failures: str


def run(suite: Suite, *, isolated: bool) -> Result:
    """Run a suite and print its output: at once, or if it is isolated, when it has ended."""
    begun = time.monotonic()
    if not isolated:
        status, failures = execute(suite.command, print_at_once=True)
    else:
        with tempfile.TemporaryDirectory(prefix=f"suite-{suite.name}-") as directory:
            os.chmod(directory, 0o1777)
            status, failures = execute(apart(directory, suite.command), print_at_once=False)
    return Result(suite, status, time.monotonic() - begun, failures)


def execute(command: list[str], *, print_at_once: bool) -> tuple[int, str]:
    """Run a command; return its exit status and the lines of its output that name failed tests."""
    lines: list[str] = []
    running = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    reader = threading.Thread(target=read, args=(running, lines, print_at_once), daemon=True)
    reader.start()
    status = running.wait()
    # A process that a test has left behind may hold the output open.
    reader.join(OUTPUT_S)
    if not print_at_once:
        print("".join(lines), flush=True)
    return status, "".join(line for line in lines if FAILURE.search(line))


def read(running: subprocess.Popen[str], lines: list[str], print_at_once: bool) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        lines.append(line)
        if print_at_once:
            print(line, end="", flush=True)


def verdict(result: Result) -> str:
    """Return the last line of a suite, after the names of its failed tests."""
    suite, seconds = result.suite, result.seconds
    what = "passed" if result.status == 0 else f"failed (exit status {result.status})"
    line = f"Suite {suite.name} {what} in {seconds:.0f} s of {suite.budget_s} s."
    if seconds > TOO_LONG * suite.budget_s:
        line += f" That is {seconds / suite.budget_s:.1f} times its budget."
    return result.failures + line


def main(names: list[str]) -> int:
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f"Unknown suites: {' '.join(sorted(unknown))}. They are {' '.join(SUITES)}.")
        return 2
    suites = [suite for suite in SUITES.values() if not names or suite.name in names]
    # A suite uses more than one core: on two, a pair of suites takes longer than one by one.
    lanes = max(1, min(len(suites), (os.cpu_count() or 1) // 2))
    if lanes > 1 and not can_keep_apart():
        lanes = 1
    begun = time.monotonic()
    verdicts = []
    failed = False
    with ThreadPoolExecutor(lanes) as pool:
        running = [pool.submit(run, suite, isolated=lanes > 1) for suite in suites]
        for each in as_completed(running):
            result = each.result()
            verdicts.append(verdict(result))
            failed = failed or result.status != 0
            print(f"\n{verdicts[-1]}\n", flush=True)
    if len(suites) > 1:
        print("\n".join(verdicts))
        print(f"All suites: {time.monotonic() - begun:.0f} s, {lanes} at a time.")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
