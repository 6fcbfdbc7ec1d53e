import ast
import subprocess
import sys
from pathlib import Path

import pytest
import rayonspark

PACKAGE = Path(rayonspark.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_importing_the_package_imports_neither_ray_nor_pyarrow_nor_spark() -> None:
    code = (
        "import sys, rayonspark; "
        "print([name for name in ('ray', 'pyarrow', 'pyspark', 'py4j') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": str(PACKAGE.parent)}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_exist() -> None:
    assert rayonspark.__all__ == sorted(rayonspark.__all__)
    assert all(hasattr(rayonspark, name) for name in rayonspark.__all__)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_source_is_python_3_10(source: Path) -> None:
    ast.parse(source.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize(("module", "owner"), [("py4j", "_jvm"), ("ray", "_ray")])
def test_only_one_subpackage_imports(module: str, owner: str) -> None:
    """`data` also uses Ray; the other subpackages import only its types, for type checking."""
    outside = [source for source in SOURCES if source.parent.name != "data"]
    importers = {subpackage_of(source) for source in outside if module in imported(source)}
    assert importers == {owner}


def test_the_files_import_each_other_without_a_cycle() -> None:
    graph = {name_of(source): own_imports(source) for source in SOURCES}
    # The names in the root package are those of the modules below it.
    del graph[""]
    while graph:
        leaves = {name for name, needs in graph.items() if not needs & set(graph)}
        assert leaves, f"a cycle among {sorted(graph)}"
        graph = {name: needs for name, needs in graph.items() if name not in leaves}


def name_of(source: Path) -> str:
    """The module's name, relative to the package."""
    parts = source.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


def subpackage_of(source: Path) -> str:
    """The subpackage of the module, or the module itself if it is in none."""
    return name_of(source).split(".")[0]


def imported(source: Path) -> set[str]:
    names = set()
    tree = ast.parse(source.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def own_imports(source: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rayonspark"):
            package = str(node.module).removeprefix("rayonspark").removeprefix(".")
            # An imported name is a member of the module, or a module itself.
            names |= {package} | {f"{package}.{it.name}".removeprefix(".") for it in node.names}
    # A module may import its neighbours through their common package.
    return {name for name in names if not name_of(source).startswith(f"{name}.")}
