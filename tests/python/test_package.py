import ast
import subprocess
import sys
from pathlib import Path

import pytest
import rayonspark

PACKAGE = Path(rayonspark.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_importing_the_package_imports_no_ray_no_pyarrow_and_no_spark() -> None:
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


@pytest.mark.parametrize(
    ("module", "owner"), [("py4j", "_jvm.py"), ("ray", "_ray.py")], ids=["py4j", "ray"]
)
def test_one_file_alone_imports(module: str, owner: str) -> None:
    """The room `data` is about Ray; only its types cross the border to the others."""
    outside = [source for source in SOURCES if source.parent.name != "data"]
    importers = {source.name for source in outside if module in imported(source)}
    assert importers == {owner}


def test_the_files_import_each_other_without_a_cycle() -> None:
    graph = {source.stem: own_imports(source) for source in SOURCES if source.stem != "__init__"}
    while graph:
        leaves = {name for name, needs in graph.items() if not needs & set(graph)}
        assert leaves, f"a cycle among {sorted(graph)}"
        graph = {name: needs for name, needs in graph.items() if name not in leaves}


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
        if isinstance(node, ast.ImportFrom) and node.module == "rayonspark":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rayonspark."):
            names.add(str(node.module).split(".")[1])
    return names
