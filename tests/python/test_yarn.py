import io
import sys
import tarfile
import types
import zipfile
from pathlib import Path
from typing import Any

import pytest
from rayonspark import InvalidSpecException, _packing, _submit, _yarn, session
from rayonspark._arguments import OrcaArguments
from rayonspark._overhead import Overhead, overhead
from rayonspark.cluster_mode import ClusterMode

SMAPS = "yarn.nodemanager.container-monitor.procfs-tree.smaps-based-rss.enabled"
TREE = "yarn.nodemanager.container-monitor.process-tree.class"


@pytest.fixture
def hadoop_conf(tmp_path: Path) -> Path:
    conf = tmp_path / "hadoop"
    conf.mkdir()
    (conf / "yarn-site.xml").write_text("<configuration></configuration>")
    return conf


def with_properties(conf: Path, **properties: str) -> Path:
    rows = "".join(
        f"<property><name> {name} </name><value> {value}\n</value></property>"
        for name, value in properties.items()
    )
    (conf / "yarn-site.xml").write_text(f"<configuration>{rows}</configuration>")
    return conf


def test_an_argument_wins_over_hadoops_variables(hadoop_conf: Path) -> None:
    there = {"HADOOP_CONF_DIR": "/nowhere", "YARN_CONF_DIR": "/nowhere"}
    assert _yarn.configuration(str(hadoop_conf), there) == hadoop_conf


@pytest.mark.parametrize("name", ["HADOOP_CONF_DIR", "YARN_CONF_DIR"])
def test_hadoops_variables_name_its_configuration(name: str, hadoop_conf: Path) -> None:
    assert _yarn.configuration(None, {name: str(hadoop_conf)}) == hadoop_conf


def test_yarn_needs_hadoops_configuration() -> None:
    with pytest.raises(InvalidSpecException, match="neither hadoop_conf nor HADOOP_CONF_DIR is"):
        _yarn.configuration(None, {})


def test_a_directory_without_yarn_site_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpecException) as raised:
        _yarn.configuration(None, {"HADOOP_CONF_DIR": str(tmp_path)})
    assert str(raised.value).startswith(
        f"HADOOP_CONF_DIR={str(tmp_path)!r} has no file yarn-site.xml."
    )


def test_yarn_counts_a_shared_page_for_each_process_unless_configured(hadoop_conf: Path) -> None:
    assert not _yarn.counts_shared_once(hadoop_conf)
    assert not _yarn.counts_shared_once(with_properties(hadoop_conf, **{SMAPS: "true"}))
    both = {TREE: "org.apache.hadoop.yarn.util.ProcfsBasedProcessTree", SMAPS: "TRUE"}
    assert _yarn.counts_shared_once(with_properties(hadoop_conf, **both))
    assert not _yarn.counts_shared_once(with_properties(hadoop_conf, **both | {SMAPS: "false"}))


def test_a_broken_yarn_site_is_named(hadoop_conf: Path) -> None:
    (hadoop_conf / "yarn-site.xml").write_text("<configuration>")
    with pytest.raises(InvalidSpecException, match=r"yarn-site\.xml' is not readable: no element"):
        _yarn.counts_shared_once(hadoop_conf)


@pytest.mark.parametrize(
    ("heap", "workers", "store", "head", "expected"),
    [
        # 384 for the JVM, 512 for the node, 512 for each worker, the store.
        (1024, 1, 256, False, (384 + 512 + 512 + 256, 384 + 512 + 512 + 2 * 256)),
        (8192, 4, 2048, False, (819 + 512 + 2048 + 2048, 819 + 512 + 2048 + 5 * 2048)),
        # And 512 for the head.
        (1024, 1, 100, True, (384 + 1024 + 512 + 100, 384 + 1024 + 512 + 2 * 100)),
    ],
)
def test_a_container_has_room_for_ray(
    heap: int, workers: int, store: int, head: bool, expected: tuple[int, int]
) -> None:
    assert overhead(heap, workers, store, head=head) == Overhead(*expected)


def memory(
    mode: ClusterMode = ClusterMode.YARN, shared_once: bool = False, **arguments: Any
) -> tuple[dict[str, str], str]:
    asked = OrcaArguments(**arguments)
    conf = session.as_conf(session.settings(asked, mode))
    rows, told = _yarn.memory(asked, mode, conf, shared_once=shared_once)
    return session.as_conf(rows), told


def test_the_user_is_told_the_overhead_for_both_ways_of_counting() -> None:
    rows, told = memory(memory="1g", cores=1)
    assert rows == {
        "spark.executor.memoryOverhead": "1920m",
        "spark.rayonspark.objectStoreMemory": "256m",
    }
    assert "1920 MiB on top of its heap of 1024 MiB" in told
    assert "otherwise it would be 1664 MiB" in told
    rows, told = memory(memory="1g", cores=1, shared_once=True)
    assert rows["spark.executor.memoryOverhead"] == "1664m"
    assert "otherwise it would be 1920 MiB" in told


def test_an_object_store_that_the_user_has_sized_counts() -> None:
    assert memory(memory="1g", object_store_memory=100 << 20) == memory(
        memory="1g", object_store_memory="100m"
    )
    rows, _ = memory(memory="1g", object_store_memory="100m")
    assert rows == {"spark.executor.memoryOverhead": "1608m"}


def test_a_driver_in_a_container_has_room_for_the_head() -> None:
    arguments = {"memory": "1g", "object_store_memory": "100m", "driver_memory": "512m"}
    rows, _ = memory(ClusterMode.YARN_CLUSTER, **arguments)
    assert rows["spark.driver.memoryOverhead"] == f"{384 + 1024 + 512 + 200}m"


def test_an_overhead_that_the_user_has_set_is_kept() -> None:
    assert memory(extra_executor_memory_for_ray="3g") == ({}, "")
    assert memory(conf={"spark.executor.memoryOverhead": "3g"}) == ({}, "")


@pytest.fixture
def outside_submit(monkeypatch: pytest.MonkeyPatch, hadoop_conf: Path) -> Path:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop_conf))
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    return hadoop_conf


def prepared(**arguments: Any) -> tuple[dict[str, str], dict[str, str]]:
    rows, variables = _yarn.prepare(OrcaArguments(**arguments), ClusterMode.YARN)
    return session.as_conf(rows), variables


def test_an_interpreter_that_all_hosts_have_is_used(outside_submit: Path) -> None:
    rows, variables = prepared(python_location="/opt/python", hadoop_user_name="ann")
    assert rows["spark.pyspark.python"] == "/opt/python"
    assert "spark.yarn.dist.archives" not in rows
    assert variables == {
        "HADOOP_CONF_DIR": str(outside_submit),
        "HADOOP_USER_NAME": "ann",
        "PYSPARK_PYTHON": "/opt/python",
    }


def test_an_archive_brings_its_interpreter(outside_submit: Path) -> None:
    rows, variables = prepared(penv_archive="hdfs:///e.tar.gz")
    assert rows["spark.pyspark.python"] == "./python_env/bin/python"
    assert rows["spark.yarn.dist.archives"] == "hdfs:///e.tar.gz#python_env"
    assert variables["PYSPARK_PYTHON"] == "./python_env/bin/python"


def test_the_active_environment_is_packed_by_default(
    outside_submit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tar(tmp_path / "active.tar.gz", {"bin/python": ""})
    monkeypatch.setattr(_packing, "packed", lambda: archive)
    rows, _ = prepared()
    assert rows["spark.yarn.dist.archives"] == f"{archive}#python_env"


def tar(path: Path, members: dict[str, str]) -> Path:
    """An archive of files, and of links where a member has a target."""
    with tarfile.open(path, "w:gz") as made:
        for name, link in members.items():
            member = tarfile.TarInfo(name)
            if link:
                member.type, member.linkname = tarfile.SYMTYPE, link
            made.addfile(member, io.BytesIO())
    return path


@pytest.mark.parametrize(
    "members",
    [
        {"bin/python": ""},
        {"./bin/python": "python3", "./bin/python3": "python3.11", "./bin/python3.11": ""},
        {"bin/python3": "", "bin/python": "python3"},
    ],
)
def test_an_archive_with_its_own_interpreter_needs_nothing_else(
    members: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _packing.check(f"{tar(tmp_path / 'e.tar.gz', members)}#somewhere")
    assert capsys.readouterr().err == ""


def test_a_zip_is_an_archive_too(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("bin/python", "")
    _packing.check(str(path))


def test_a_remote_archive_is_not_inspected() -> None:
    _packing.check("hdfs://host/e.tar.gz")


def test_an_interpreter_that_is_a_link_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {"bin/python": "python3", "bin/python3": sys.executable}
    _packing.check(str(tar(tmp_path / "e.tar.gz", members)))
    assert f"every host must have {sys.executable}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"bin/python": "/nowhere/python"}, "is a link to '/nowhere/python', which does not exist"),
        ({"lib/python": ""}, "has no bin/python"),
        ({"bin/python": "python3"}, "has no bin/python"),
    ],
)
def test_an_archive_that_cannot_work_is_refused(
    members: dict[str, str], text: str, tmp_path: Path
) -> None:
    archive = tar(tmp_path / "e.tar.gz", members)
    with pytest.raises(InvalidSpecException) as raised:
        _packing.check(str(archive))
    assert text in str(raised.value)


def test_a_file_that_is_not_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpecException, match="is not a file"):
        _packing.check(str(tmp_path / "e.tar.gz"))
    text = tmp_path / "text.tar.gz"
    text.write_text("text")
    with pytest.raises(InvalidSpecException, match="cannot be read"):
        _packing.check(str(text))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv that seems to run this process."""
    prefix = tmp_path / ".venv"
    prefix.mkdir()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return prefix


def packer(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Replace venv-pack or conda-pack; return the list of the archives that it makes."""
    made: list[str] = []

    def pack(prefix: str, output: str, verbose: bool) -> None:
        Path(output).write_text(prefix)
        made.append(output)

    module = types.ModuleType(name)
    module.pack = pack  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    return made


@pytest.mark.parametrize("name", ["venv_pack", "conda_pack"])
def test_an_environment_is_packed_once_for_each_content(
    name: str, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "conda_pack":
        (environment / "conda-meta").mkdir()
    made = packer(monkeypatch, name)
    first = _packing.packed()
    assert (_packing.packed(), len(made)) == (first, 1)
    assert first.read_text() == str(environment)

    # Importing Ray extends sys.path like this.
    monkeypatch.syspath_prepend(str(installed(environment / "elsewhere")))
    assert _packing.packed() == first

    installed(environment / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
    assert _packing.packed() != first
    assert len(made) == 2


def installed(site: Path) -> Path:
    """Install a package there."""
    record = site / "new-1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: new\nVersion: 1.0\n")
    return site


def test_a_missing_packer_is_an_error_that_names_it(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "venv_pack", None)
    with pytest.raises(InvalidSpecException, match="venv-pack is not installed"):
        _packing.packed()


def test_a_failed_packer_leaves_no_archive(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack(output: str, **_: object) -> None:
        Path(output).write_text("half")
        raise RuntimeError("an editable package")

    packer(monkeypatch, "venv_pack")
    monkeypatch.setattr(sys.modules["venv_pack"], "pack", pack)
    with pytest.raises(InvalidSpecException, match=r"could not pack .*: an editable package"):
        _packing.packed()
    assert list((tmp_path / "cache/rayonspark/environments").iterdir()) == []


def test_the_systems_interpreter_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(InvalidSpecException, match="belongs to the system"):
        _packing.packed()


def test_a_script_is_submitted_with_our_jar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_submit, "our_jar", lambda build: Path("/opt/ours.jar"))
    conf = {"spark.master": "yarn", "spark.submit.pyFiles": "a.py"}

    argv = _submit.command(conf, str(tmp_path / "main.py"), ["a word"])

    assert argv[0].endswith("/bin/spark-submit")
    assert argv[1:] == [
        *("--conf", "spark.master=yarn", "--conf", "spark.jars=/opt/ours.jar"),
        *("--py-files", "a.py,/opt/ours.jar", str(tmp_path / "main.py"), "a word"),
    ]


def test_a_jar_that_is_already_set_is_not_added_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_submit, "our_jar", lambda build: Path("/opt/ours.jar"))
    conf = {"spark.jars": "hdfs:/lib/ours.jar", "spark.submit.pyFiles": "hdfs:/lib/ours.jar"}
    assert "/opt/ours.jar" not in " ".join(_submit.command(conf, "main.py", []))


@pytest.mark.parametrize("mode", ["yarn", "k8s"])
@pytest.mark.parametrize(
    "main",
    [
        types.SimpleNamespace(),
        types.SimpleNamespace(__file__="/a/module.py", __spec__=object()),
    ],
    ids=["REPL", "python -m"],
)
def test_only_a_script_can_be_submitted(main: object, mode: str) -> None:
    with pytest.raises(InvalidSpecException, match=f"spark-submit --master {mode}.* or use") as e:
        _submit.script(main, ClusterMode(f"{mode}-cluster"))
    assert f'cluster_mode="{mode}-client"' in str(e.value)


def test_the_output_of_spark_submit_is_passed_on_and_parsed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = (
        "INFO Client: Submitted application application_1_0002\n"
        "\t diagnostics: User application exited with status 7\n"
    )
    assert _submit._follow(io.StringIO(said)) == ("application_1_0002", 7)
    assert capsys.readouterr().err == said
    assert _submit._follow(io.StringIO("Killed\n")) == (None, None)
