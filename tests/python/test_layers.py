"""JVM packages import only from their own layer or below; no files import each other in a cycle."""

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
    "SparkBuild",
}
"""Types that users see, and the check that the jar fits this Spark. Packages in higher layers may
use them. The rest of `org.rayonspark` counts as the package `RayCluster`."""

LAYERS = [
    {"threads"},
    {"conf"},
    {"values"},
    {"plan"},
    {"node", "rpc", "pods"},
    {"spark"},
    {"remote"},
    {"job", "supervision", "data"},
    {"RayCluster"},
    {"python"},
]
"""From the bottom up. `spark` is our code in Spark's packages. Packages of one layer may import
each other."""

LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}

PURE_JVM = re.compile(
    r"org/rayonspark/(conf/|plan/|.*State\.|supervision/(ExecutorRegistration|Supervisor)\.)"
)
IMPURE_JVM = (
    "org.apache.spark.",
    "org.slf4j.",
    "java.net.",
    "java.nio.file.",
    "java.io.File",
    "java.time.Instant",
    "java.time.Clock",
)
CLOCKS = re.compile(
    r"System\s*\.\s*(nanoTime|currentTimeMillis)|Instant\s*\.\s*now"
    r"|\bfromNow\b|Deadline\s*\.\s*now"
)

SPARK_INTERNALS = re.compile(
    r"org\.apache\.spark\.(api\.python|deploy|executor|internal|memory|network|rpc|serializer"
    r"|shuffle|util)\."
)
ALLOWED_INTERNALS = {
    # Our log lines go to Spark's log, at the levels that the user has set.
    "org.apache.spark.internal.Logging",
}


def package_of(file: str) -> str:
    parts = file.removesuffix(".scala").removesuffix(".java").split("/")
    if parts[:3] == ["org", "apache", "spark"]:
        return "spark"
    assert parts[:2] == ["org", "rayonspark"], f"{file} is in no known package"
    if len(parts) == 3:
        return "values" if parts[2] in VALUES else "RayCluster"
    return parts[2]


def without_builder(file: str) -> str:
    """A value and its builder use each other, so they count as one file."""
    return file.replace("Builder.scala", ".scala")


@pytest.fixture(scope="module")
def files() -> list[JvmFile]:
    found = jvm_files()
    assert len(found) > 40
    return found


def modules_in(path: Path) -> set[str]:
    """Top-level names of the modules that a Python file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_a_cycle_is_found() -> None:
    assert cycle_in({}) == []
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_the_graph_has_imports_neighbours_and_members(files: list[JvmFile]) -> None:
    graph = jvm_graph(files)

    assert "org/rayonspark/conf/RayPort.scala" in graph["org/rayonspark/plan/NodePlan.scala"]
    assert "org/rayonspark/plan/NodePlan.scala" in graph["org/rayonspark/plan/ClusterPlan.scala"]
    assert "org/rayonspark/RayClusterState.java" in graph["org/rayonspark/RayCluster.scala"]


def test_each_file_is_in_a_package_with_a_layer(files: list[JvmFile]) -> None:
    assert {package_of(file.name) for file in files} <= set(LEVEL)


def test_jvm_packages_import_only_from_their_own_layer_or_below(files: list[JvmFile]) -> None:
    upwards = [
        f"{file} uses {other}"
        for file, others in jvm_graph(files).items()
        for other in sorted(others)
        if LEVEL[package_of(file)] < LEVEL[package_of(other)]
    ]

    assert upwards == []


def test_no_jvm_files_import_each_other_in_a_cycle(files: list[JvmFile]) -> None:
    merged: dict[str, set[str]] = defaultdict(set)
    for file, others in jvm_graph(files).items():
        name = without_builder(file)
        merged[name] |= {without_builder(other) for other in others} - {name}

    assert cycle_in(merged) == []


def test_pure_jvm_files_have_no_effects(files: list[JvmFile]) -> None:
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


def test_only_sparks_packages_use_sparks_private_api(files: list[JvmFile]) -> None:
    used = [
        f"{file.name} imports {name}"
        for file in files
        if package_of(file.name) != "spark"
        for name in file.imports
        if SPARK_INTERNALS.match(name)
        and name not in ALLOWED_INTERNALS
        and ".rayonspark." not in name
    ]

    assert used == []


def test_pure_python_modules_have_no_effects() -> None:
    impure = {"logging", "pyspark", "ray", "socket", "subprocess", "threading", "time"}
    for name in ("session.py", "spec.py", "node.py", "errors.py"):
        assert modules_in(PYTHON / name) & impure == set(), name


def test_the_guard_needs_only_the_standard_library() -> None:
    """It runs with `-S`, before anyone knows what the interpreter has."""
    own = {path.stem for path in RESOURCES.glob("*.py")}
    assert "guard" in own

    for name in own - {"ray_node"}:
        assert modules_in(RESOURCES / f"{name}.py") <= sys.stdlib_module_names | own, name
