"""The sources of the JVM half as a graph: which file uses which."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SCALA = CHECKOUT / "jvm/src/main/scala"
JAVA = CHECKOUT / "jvm/src/main/java"

_NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"""(.*?)"""|"(\\.|[^"\\\n])*"', re.DOTALL)
_TYPE = re.compile(r"^(?:[\w\[\]]+ )*(?:class|object|trait|enum|interface) (\w+)", re.MULTILINE)
_PACKAGE = re.compile(r"^package ([\w.]+)", re.MULTILINE)
_IMPORT = re.compile(r"\bimport ([\w.]+)\.(\{[^}]*\}|\w+)", re.DOTALL)
_NAME = re.compile(r"(?<![\w.])[A-Z]\w*")

Graph = Mapping[str, set[str]]


@dataclass(frozen=True)
class JvmFile:
    """One Scala or Java file."""

    path: Path

    @cached_property
    def name(self) -> str:
        return str(self.path.relative_to(self.path.parents[_depth(self.path)]))

    @cached_property
    def code(self) -> str:
        """The source without comments and strings."""
        return _NOT_CODE.sub(" ", self.path.read_text())

    @property
    def package(self) -> str:
        return _PACKAGE.findall(self.code)[0]

    @property
    def types(self) -> set[str]:
        return {f"{self.package}.{name}" for name in _TYPE.findall(self.code)}

    @property
    def imports(self) -> list[str]:
        """Full names of all imports; a wildcard import ends with `_`."""
        found = []
        for prefix, last in _IMPORT.findall(self.code):
            names = [name.split("=>")[0].strip() for name in last.strip("{}").split(",")]
            found += [f"{prefix}.{name}" for name in names if name]
        return found


def _depth(path: Path) -> int:
    root = SCALA if path.is_relative_to(SCALA) else JAVA
    return len(path.relative_to(root).parts) - 1


def jvm_files() -> list[JvmFile]:
    return [JvmFile(path) for path in (*SCALA.rglob("*.scala"), *JAVA.rglob("*.java"))]


def jvm_graph(files: list[JvmFile]) -> Graph:
    """Map each file to the files whose types it uses, by import or in its own package."""
    home = {full_name: file.name for file in files for full_name in file.types}
    graph: dict[str, set[str]] = defaultdict(set)
    for file in files:
        neighbours = {f"{file.package}.{name}" for name in _NAME.findall(file.code)}
        imported = {full_name.removesuffix("._") for full_name in file.imports}
        # A member of an object: `import a.b.Object.member`.
        owners = {full_name.rpartition(".")[0] for full_name in imported}
        named = neighbours | imported | owners
        graph[file.name] = {home[name] for name in named if name in home} - {file.name}
    return graph


def cycle_in(graph: Graph) -> list[str]:
    """Return files that use each other in a cycle; none if there is no cycle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
