"""The rooms of the house: imports go downwards only, and no files name each other in a circle."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from jvm_sources import CHECKOUT, JvmFile, cycle_in, jvm_files, jvm_graph

PYTHON = CHECKOUT / "python/rayonspark"
RESOURCES = CHECKOUT / "jvm/src/main/resources/org/rayonspark"

VALUES = {
    "RayClusterSpec",
    "RayClusterSpecBuilder",
    "RayClusterState",
    "RayNode",
    "RayOnSparkException",
}
"""What users see and every room but `conf` may name; the rest of that package is `RayCluster`."""

STOREYS = [
    {"threads"},
    {"conf"},
    {"values"},
    {"plan"},
    {"node", "rendezvous", "pods"},
    {"spark"},
    {"route"},
    {"job", "watch", "data"},
    {"RayCluster"},
    {"python"},
]
"""From the ground up. `spark` are our files in Spark's packages; rooms of one storey may meet."""

LEVEL = {room: level for level, rooms in enumerate(STOREYS) for room in rooms}

PURE_JVM = re.compile(r"org/rayonspark/(conf/|plan/|.*State\.|watch/(Registration|Supervisor)\.)")
IMPURE_JVM = (
    "org.apache.spark.",
    "org.slf4j.",
    "java.net.",
    "java.nio.file.",
    "java.io.File",
    "java.time.Instant",
    "java.time.Clock",
)
CLOCKS = re.compile(r"System\s*\.\s*(nanoTime|currentTimeMillis)|Instant\s*\.\s*now")

SPARK_INTERNALS = re.compile(
    r"org\.apache\.spark\.(api\.python|deploy|executor|internal|memory|network|rpc|serializer"
    r"|shuffle|util)\."
)
ALLOWED_INTERNALS = {
    # Lines of ours go where Spark's go, at the levels that the user has set for them.
    "org.apache.spark.internal.Logging",
}


def room_of(file: str) -> str:
    parts = file.removesuffix(".scala").removesuffix(".java").split("/")
    if parts[:3] == ["org", "apache", "spark"]:
        return "spark"
    assert parts[:2] == ["org", "rayonspark"], f"{file} is in nobody's package"
    if len(parts) == 3:
        return "values" if parts[2] in VALUES else "RayCluster"
    return parts[2]


def as_one_noun(file: str) -> str:
    """A value and its builder make each other: they are one noun in two files."""
    return file.replace("Builder.scala", ".scala")


@pytest.fixture(scope="module")
def files() -> list[JvmFile]:
    found = jvm_files()
    assert len(found) > 40
    return found


def modules_in(path: Path) -> set[str]:
    """Top names of the modules that a Python file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_a_circle_is_found() -> None:
    assert cycle_in({}) == []
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_the_reader_sees_imports_neighbours_and_members(files: list[JvmFile]) -> None:
    graph = jvm_graph(files)

    assert "org/rayonspark/conf/RayPort.scala" in graph["org/rayonspark/plan/NodePlan.scala"]
    assert "org/rayonspark/plan/NodePlan.scala" in graph["org/rayonspark/plan/ClusterPlan.scala"]
    assert "org/rayonspark/RayClusterState.java" in graph["org/rayonspark/RayCluster.scala"]


def test_each_file_is_in_a_room_that_the_house_has(files: list[JvmFile]) -> None:
    assert {room_of(file.name) for file in files} <= set(LEVEL)


def test_rooms_of_the_jvm_import_downwards_only(files: list[JvmFile]) -> None:
    upwards = [
        f"{file} names {other}"
        for file, others in jvm_graph(files).items()
        for other in sorted(others)
        if LEVEL[room_of(file)] < LEVEL[room_of(other)]
    ]

    assert upwards == []


def test_no_files_of_the_jvm_name_each_other_in_a_circle(files: list[JvmFile]) -> None:
    one_noun: dict[str, set[str]] = defaultdict(set)
    for file, others in jvm_graph(files).items():
        noun = as_one_noun(file)
        one_noun[noun] |= {as_one_noun(other) for other in others} - {noun}

    assert cycle_in(one_noun) == []


def test_pure_files_of_the_jvm_have_no_effects(files: list[JvmFile]) -> None:
    pure = [file for file in files if PURE_JVM.search(file.name)]
    assert len(pure) > 15

    effects = [
        f"{file.name} imports {name}"
        for file in pure
        for name in file.imports
        if name.startswith(IMPURE_JVM)
    ]
    clocks = [f"{file.name} reads a clock" for file in pure if CLOCKS.search(file.code)]

    assert effects + clocks == []


def test_sparks_private_api_is_used_in_sparks_packages_alone(files: list[JvmFile]) -> None:
    used = [
        f"{file.name} imports {name}"
        for file in files
        if room_of(file.name) != "spark"
        for name in file.imports
        if SPARK_INTERNALS.match(name)
        and name not in ALLOWED_INTERNALS
        and ".rayonspark." not in name
    ]

    assert used == []


def test_pure_modules_of_python_have_no_effects() -> None:
    impure = {"logging", "pyspark", "ray", "socket", "subprocess", "threading", "time"}
    for name in ("session.py", "spec.py", "node.py", "errors.py"):
        assert modules_in(PYTHON / name) & impure == set(), name


def test_the_guard_needs_the_standard_library_alone() -> None:
    """It runs with `-S`, before anybody knows what the interpreter has."""
    own = {path.stem for path in RESOURCES.glob("*.py")}
    assert "guard" in own

    for name in own - {"ray_node"}:
        assert modules_in(RESOURCES / f"{name}.py") <= sys.stdlib_module_names | own, name
