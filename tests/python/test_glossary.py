"""docs/glossary.md has every public name, and no name that the code no longer has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import rayonspark
from jvm_sources import CHECKOUT, JvmFile, jvm_files
from rayonspark import RayClusterSpec
from rayonspark._arguments import OrcaArguments
from rayonspark.spec import ALIASES

PAGE = CHECKOUT / "docs/glossary.md"
PACKAGE = CHECKOUT / "python/rayonspark"
RESOURCES = CHECKOUT / "jvm/src/main/resources/org/rayonspark"
TESTS = CHECKOUT / "tests/python"

Table = list[list[str]]

_CODE = re.compile(r"`([^`]+)`")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")
_SPARK_PREFIX = "org.apache.spark"

_TYPE = re.compile(r"^((?:[\w\[\]]+ )*)(?:class|object|trait|enum|interface) (\w+)", re.MULTILINE)
_DECLARATION = re.compile(r"\b(?:class|object|trait|enum|interface|def|val|var|type) (\w+)")
_PRIVATE_CONSTRUCTOR = re.compile(r"\bprivate(?:\[\w+\])? \([^)]*\)")
_SIGNATURE = re.compile(
    r"^ *((?:[\w\[\]]+ )*)(?:def|val|class|trait|object) (.*?)(?=\s=\s|\s\{|\n *\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TYPE_NAME = re.compile(r"\b[A-Z]\w*")


def tables() -> list[Table]:
    """The rows below the header of each table, in the order of the page."""
    found: list[Table] = []
    before = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("| ---"):
            found.append([])
        elif line.startswith("|") and before.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        before = line
    return found


def code_in(text: str) -> list[str]:
    return _CODE.findall(text)


@pytest.fixture(scope="module")
def glossary() -> Table:
    return tables()[0]


@pytest.fixture(scope="module")
def words(glossary: Table) -> set[str]:
    """The words that are written as code; only these are names."""
    return {code for row in glossary for code in code_in(row[0])}


@pytest.fixture(scope="module")
def files() -> list[JvmFile]:
    return jvm_files()


def public_types_of(file: JvmFile) -> set[str]:
    found = _TYPE.findall(file.code)
    return {f"{file.package}.{name}" for modifiers, name in found if "private" not in modifiers}


def types_in_signatures(file: JvmFile) -> set[str]:
    """Full names of the types that the signatures of public members may refer to."""
    code = _PRIVATE_CONSTRUCTOR.sub(" ", file.code)
    signatures = [
        text for modifiers, text in _SIGNATURE.findall(code) if "private" not in modifiers
    ]
    named = {name for text in signatures for name in _TYPE_NAME.findall(text)}
    imported = {full for full in file.imports if full.rpartition(".")[2] in named}
    return imported | {f"{file.package}.{name}" for name in named}


def public_types(files: list[JvmFile]) -> set[str]:
    """What users of Scala and Java see: the root package, and types that its signatures reach."""
    home = {name: file for file in files for name in public_types_of(file)}
    found: set[str] = set()
    new = {name for name, file in home.items() if file.package == "org.rayonspark"}
    while new:
        found |= new
        new = {t for name in new for t in types_in_signatures(home[name]) if t in home} - found
    return found


def modules_of_python() -> dict[str, Path]:
    """Every module and subpackage by its full name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def declared_in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def names_of_the_code(files: list[JvmFile]) -> set[str]:
    """Types, members, packages, modules, and the names of source files."""
    modules = modules_of_python()
    sources = [*modules.values(), *RESOURCES.glob("*.py"), *TESTS.glob("*.py")]
    names = {file.package for file in files} | set(modules)
    names |= {path.name for path in (*sources, *PACKAGE.glob("*.csv"))}
    for file in files:
        names |= set(_DECLARATION.findall(file.code))
    for path in [*modules.values(), *RESOURCES.glob("*.py")]:
        names |= set(declared_in_python(path))
    return names


def test_the_words_are_in_alphabetical_order(glossary: Table) -> None:
    order = [row[0].replace("`", "").lower() for row in glossary]

    assert len(order) > 100
    assert order == sorted(order)
    assert [row for row in glossary if len(row) != 3 or not all(row)] == []


def test_each_public_type_of_the_jvm_is_a_word(files: list[JvmFile], words: set[str]) -> None:
    types = public_types(files)
    # This type is reached only through signatures of the root package.
    assert "org.rayonspark.data.StagedBlock" in types

    assert sorted(name for name in types if name.rpartition(".")[2] not in words) == []


def test_each_public_name_of_python_is_a_word(words: set[str]) -> None:
    assert [name for name in rayonspark.__all__ if name not in words] == []


def test_each_package_of_the_jvm_is_a_word(files: list[JvmFile], words: set[str]) -> None:
    packages = {file.package for file in files}
    assert any(package.startswith(_SPARK_PREFIX) for package in packages)

    assert sorted(packages - words) == []


def test_each_subpackage_and_public_module_of_python_is_a_word(words: set[str]) -> None:
    modules = {
        name
        for name, path in modules_of_python().items()
        if path.name == "__init__.py" or not any(part.startswith("_") for part in name.split("."))
    }
    modules.remove("rayonspark")
    assert {"rayonspark._jvm", "rayonspark.data.layout"} <= modules

    assert sorted(modules - words) == []


def test_the_code_has_every_name_that_the_glossary_explains(
    files: list[JvmFile], glossary: Table
) -> None:
    """The last column is not checked, because it names what other projects have."""
    known = names_of_the_code(files)
    explained = {code for row in glossary for code in code_in(row[0]) + code_in(row[1])}
    identifiers = {code for code in explained if _IDENTIFIER.fullmatch(code)}
    assert len(identifiers) > 100

    def is_gone(identifier: str) -> bool:
        return identifier not in known and not all(part in known for part in identifier.split("."))

    assert sorted(filter(is_gone, identifiers)) == []


def test_each_field_is_compared_with_its_aliases() -> None:
    compared = {code_in(row[0])[0]: code_in(row[5]) for row in tables()[1]}

    assert tuple(compared) == RayClusterSpec.names()
    aliases = {alias: field for field, accepted in compared.items() for alias in accepted}
    assert aliases == ALIASES


def test_each_argument_is_compared() -> None:
    compared = [code_in(row[0])[0] for row in tables()[2]]

    assert compared == [field.name for field in fields(OrcaArguments)]
