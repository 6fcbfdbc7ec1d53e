import os
from types import SimpleNamespace

import pytest
from rayonspark import InvalidSpecException, _gateway
from rayonspark._arguments import OrcaArguments
from rayonspark.cluster_mode import ClusterMode
from rayonspark.session import Setting, as_conf, settings


def rows(mode: ClusterMode, **arguments: object) -> list[Setting]:
    return settings(OrcaArguments(**arguments), mode)  # type: ignore[arg-type]


def test_a_running_jvm_cannot_change_its_memory() -> None:
    with pytest.raises(InvalidSpecException) as raised:
        _gateway._for_running_jvm(
            rows(ClusterMode.LOCAL, memory="4g"), {"spark.driver.memory": "2g"}
        )
    assert str(raised.value) == (
        "The JVM of this process was started for an earlier SparkContext, and it cannot honour "
        "memory (spark.driver.memory='4096m', currently '2g'). Leave that out, or start a new "
        "Python process."
    )


def test_a_running_jvm_keeps_its_memory_if_no_argument_sets_it() -> None:
    rest = _gateway._for_running_jvm(rows(ClusterMode.LOCAL, cores=1), {})
    assert as_conf(rest) == {"spark.master": "local[1]", "spark.app.name": "RayOnSpark"}


def test_spark_submit_wins_over_arguments_with_a_warning() -> None:
    there = {"spark.executor.memory": "8g", "spark.app.name": "mine", "spark.master": "spark://h:1"}
    wanted = rows(ClusterMode.SUBMIT, memory="4g", cores=2, conf={"spark.x": "1"})
    with pytest.warns(RuntimeWarning) as warned:
        rest = _gateway._left_by_submit(wanted, there)
    assert as_conf(rest) == {"spark.executor.cores": "2", "spark.x": "1"}
    assert str(warned[0].message) == (
        "These arguments differ from what spark-submit has set: memory "
        "(spark.executor.memory='4096m', currently '8g'). The values of spark-submit are used."
    )


def test_the_environment_is_restored_after_temporary_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROS_A", "before")
    monkeypatch.delenv("ROS_B", raising=False)
    with _gateway.with_environment({"ROS_A": "a", "ROS_B": "b"}):
        assert (os.environ["ROS_A"], os.environ["ROS_B"]) == ("a", "b")
    assert os.environ["ROS_A"] == "before"
    assert "ROS_B" not in os.environ


def test_a_jvms_output_is_copied(capsys: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    os.write(write, b"hello\n\xff\n")
    os.close(write)
    empty, end = os.pipe()
    os.close(end)
    process = SimpleNamespace(stdout=os.fdopen(read, "rb"), stderr=os.fdopen(empty, "rb"))
    for thread in _gateway._pump(process):  # type: ignore[arg-type]
        thread.join(5)
    assert capsys.readouterr().out == "hello\n\ufffd\n"
