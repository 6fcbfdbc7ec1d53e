"""The build scripts say what is missing on a machine, and what to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
NEXT_STEP = (
    " Install a JDK 17 or newer (Debian: openjdk-17-jdk-headless), or set JAVA_HOME to one.\n"
)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHECKOUT / script],
        env={"HOME": os.environ["HOME"], "PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def fake(directory: Path, name: str, *lines: str) -> Path:
    """Create a command that is a bash script of these lines."""
    command = directory / name
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text("\n".join(("#!/bin/bash", *lines, "")))
    command.chmod(0o755)
    return command


def test_without_java_the_error_says_what_to_install(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env"):
        (tools / name).symlink_to(Path("/usr/bin") / name)

    done = run("tools/java.sh", PATH=str(tools))

    no_java = 'There is no Java: JAVA_HOME is not set, and no "java" is on the PATH.'
    assert (done.returncode, done.stderr) == (1, no_java + NEXT_STEP)


def test_a_java_home_without_java_is_an_error_that_names_it(tmp_path: Path) -> None:
    done = run("tools/java.sh", JAVA_HOME=str(tmp_path))

    nothing_there = f'JAVA_HOME is "{tmp_path}", and "{tmp_path}/bin/java" is not there.'
    assert (done.returncode, done.stderr) == (1, nothing_there + NEXT_STEP)


def test_an_old_java_is_an_error_with_both_versions(tmp_path: Path) -> None:
    java = fake(tmp_path, "bin/java", "echo '    java.specification.version = 11' >&2")

    done = run("tools/java.sh", JAVA_HOME=str(tmp_path))

    too_old = f'"{java}" is Java 11, and Spark 4 needs 17.'
    assert (done.returncode, done.stderr) == (1, too_old + NEXT_STEP)


def test_a_java_without_a_compiler_is_an_error(tmp_path: Path) -> None:
    java = fake(
        tmp_path,
        "bin/java",
        "[[ $1 == --list-modules ]] && { echo java.base@21; exit; }",
        "echo '    java.specification.version = 21' >&2",
    )

    done = run("tools/java.sh", JAVA_HOME=str(tmp_path))

    no_compiler = f'"{java}" is a Java runtime without a compiler.'
    assert (done.returncode, done.stderr) == (1, no_compiler + NEXT_STEP)


def test_a_jdk_is_named_by_its_path(tmp_path: Path) -> None:
    java = fake(
        tmp_path,
        "bin/java",
        "[[ $1 == --list-modules ]] && { echo jdk.compiler@21; exit; }",
        "echo '    java.specification.version = 21' >&2",
    )

    done = run("tools/java.sh", JAVA_HOME=str(tmp_path))

    assert (done.returncode, done.stdout) == (0, f"{java}\n")


def test_a_missing_python_is_an_error_that_says_how_to_name_another() -> None:
    done = run("tools/env.sh", PYTHON="python3.99", JAVA_HOME=os.environ.get("JAVA_HOME", ""))

    assert done.returncode == 1
    assert done.stderr == (
        'There is no "python3.99". Install Python 3.10 or newer, or name one: '
        "make env PYTHON=python3.12\n"
    )


def test_an_old_python_is_an_error_with_both_versions(tmp_path: Path) -> None:
    old = fake(tmp_path, "python", "echo 3.9.18; exit 1")

    done = run("tools/env.sh", PYTHON=str(old), JAVA_HOME=os.environ.get("JAVA_HOME", ""))

    assert done.returncode == 1
    assert done.stderr == (
        f'"{old}" is Python 3.9.18, and 3.10 is the oldest that works. '
        "Name a newer one: make env PYTHON=python3.12\n"
    )


def test_without_go_the_error_says_what_to_install(tmp_path: Path) -> None:
    for name in ("bash", "env"):
        (tmp_path / name).symlink_to(Path("/usr/bin") / name)

    done = run("tools/kubernetes.sh", PATH=str(tmp_path))

    no_go = "There is no Go. Install Go 1.24 or newer; from 1.21 on it fetches that itself.\n"
    assert (done.returncode, done.stderr) == (1, no_go)
