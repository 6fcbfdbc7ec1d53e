"""The jar, the wheel and the POM contain everything that belongs there, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rayonspark._versions import builds

from .artefacts import CHECKOUT, COORDINATES, JAR, POM, VERSION, WHEEL

PYTHON_HALF = {
    str(path.relative_to(CHECKOUT / "python"))
    for path in (CHECKOUT / "python/rayonspark").rglob("*")
    if path.suffix in {".py", ".typed", ".csv"}
}


def files_in(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return {name for name in opened.namelist() if not name.endswith("/")}


def test_the_jar_holds_both_halves_and_the_guard() -> None:
    resources = CHECKOUT / "jvm/src/main/resources"
    guard = {
        str(path.relative_to(resources))
        for path in resources.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "org/rayonspark/guard.py" in guard

    others = {name for name in files_in(JAR) if not name.endswith(".class")}

    about = {"META-INF/MANIFEST.MF", "META-INF/LICENSE", "org/rayonspark/build.properties"}
    assert others == PYTHON_HALF | guard | about


def test_the_jar_holds_only_classes_of_rayonspark() -> None:
    ours = (
        "org/rayonspark/",
        "org/apache/spark/rayonspark/",
        "org/apache/spark/deploy/rayonspark/",
        "org/apache/spark/sql/rayonspark/",
    )

    classes = {name for name in files_in(JAR) if name.endswith(".class")}

    assert "org/rayonspark/RayCluster.class" in classes
    assert "org/rayonspark/python/PythonApi.class" in classes
    assert {name for name in classes if not name.startswith(ours)} == set()


def test_the_wheel_holds_the_python_half_all_jars_and_the_licence() -> None:
    jar = f"rayonspark/jars/{JAR.name}"
    jars = {f"rayonspark/jars/{build.jar}" for build in builds()}
    about = f"rayonspark-{VERSION}.dist-info"
    papers = {f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")}

    assert files_in(WHEEL) == PYTHON_HALF | papers | jars

    with zipfile.ZipFile(WHEEL) as opened:
        assert opened.read(jar) == JAR.read_bytes()


@pytest.mark.parametrize(
    ("archive", "name"),
    [(JAR, "META-INF/LICENSE"), (WHEEL, f"rayonspark-{VERSION}.dist-info/licenses/LICENSE")],
)
def test_the_licence_is_that_of_the_checkout(archive: Path, name: str) -> None:
    with zipfile.ZipFile(archive) as opened:
        assert opened.read(name) == (CHECKOUT / "LICENSE").read_bytes()


def test_the_wheel_requires_other_packages_only_in_extras() -> None:
    with zipfile.ZipFile(WHEEL) as opened:
        metadata = opened.read(f"rayonspark-{VERSION}.dist-info/METADATA").decode()

    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]

    assert required == [
        "Requires-Dist: conda-pack>=0.8; extra == 'conda'",
        "Requires-Dist: pyspark<4.4,>=3.5; extra == 'pyspark'",
        "Requires-Dist: ray[default]>=2.41; extra == 'ray'",
        "Requires-Dist: venv-pack>=0.2; extra == 'venv'",
    ]


def test_the_pom_adds_no_other_jar() -> None:
    maven = {"m": "http://maven.apache.org/POM/4.0.0"}
    pom = ElementTree.parse(POM)

    scopes = {
        dependency.findtext("m:scope", "", maven)
        for dependency in pom.iterfind("m:dependencies/m:dependency", maven)
    }

    assert scopes <= {"provided", "test"}


def test_the_readme_names_the_built_version() -> None:
    assert f"--packages {COORDINATES}\n" in (CHECKOUT / "README.md").read_text()
