from typing import Any

import pytest
from rayonspark import InvalidSpecException, conflict, session
from rayonspark._arguments import OrcaArguments
from rayonspark.cluster_mode import ClusterMode, is_local

LOCAL, STANDALONE, SUBMIT = ClusterMode.LOCAL, ClusterMode.STANDALONE, ClusterMode.SUBMIT
YARN, YARN_CLUSTER = ClusterMode.YARN, ClusterMode.YARN_CLUSTER
PODS, PODS_CLUSTER = ClusterMode.KUBERNETES, ClusterMode.KUBERNETES_CLUSTER
MODES = "local, standalone, spark-submit, yarn, yarn-cluster, k8s, k8s-cluster"


def conf(mode: ClusterMode, **arguments: Any) -> dict[str, str]:
    return session.as_conf(session.settings(OrcaArguments(**arguments), mode))


@pytest.mark.parametrize(
    ("name", "submitted", "mode"),
    [
        (None, False, LOCAL),
        (None, True, SUBMIT),
        ("local", True, LOCAL),
        ("LOCAL", False, LOCAL),
        ("Standalone", False, STANDALONE),
        ("spark-submit", False, SUBMIT),
        ("spark_submit", False, SUBMIT),
        ("YARN", False, YARN),
        ("yarn-client", False, YARN),
        ("yarn_cluster", False, YARN_CLUSTER),
        ("K8s", False, PODS),
        ("k8s-client", False, PODS),
        ("k8s_cluster", True, PODS_CLUSTER),
    ],
)
def test_a_cluster_mode_is_read(name: str | None, submitted: bool, mode: ClusterMode) -> None:
    assert ClusterMode.of(name, submitted=submitted) is mode


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("K8", "cluster_mode='K8' is unknown. Did you mean 'k8s'?"),
        ("lokal", "cluster_mode='lokal' is unknown. Did you mean 'local'?"),
        ("%", f"cluster_mode='%' is unknown. Use one of {MODES}."),
    ],
)
def test_an_unknown_cluster_mode_is_an_error_that_suggests_known_ones(name: str, text: str) -> None:
    with pytest.raises(InvalidSpecException) as raised:
        ClusterMode.of(name, submitted=False)
    assert str(raised.value) == text


def test_local_mode_without_arguments_uses_every_core() -> None:
    assert conf(LOCAL) == {
        "spark.app.name": "RayOnSpark",
        "spark.driver.memory": "2048m",
        "spark.master": "local[*]",
    }


@pytest.mark.parametrize(
    ("mode", "arguments", "expected"),
    [
        (LOCAL, {"cores": 4}, {"spark.master": "local[4]"}),
        (LOCAL, {"cores": "*"}, {"spark.master": "local[*]"}),
        (LOCAL, {"memory": "1.5g"}, {"spark.driver.memory": "1536m"}),
        (LOCAL, {"memory": "4g", "driver_memory": "1g"}, {"spark.driver.memory": "1024m"}),
        (STANDALONE, {"memory": "4gb"}, {"spark.executor.memory": "4096m"}),
        (STANDALONE, {"driver_memory": "1g"}, {"spark.driver.memory": "1024m"}),
        (
            STANDALONE,
            {"cores": 2, "num_nodes": 3, "master": "spark://h:7077"},
            {
                "spark.master": "spark://h:7077",
                "spark.executor.cores": "2",
                "spark.cores.max": "6",
            },
        ),
        (SUBMIT, {"num_nodes": 3}, {"spark.executor.instances": "3"}),
        (LOCAL, {"driver_cores": 2}, {"spark.driver.cores": "2"}),
        (LOCAL, {"spark_log_level": "INFO"}, {"spark.log.level": "INFO"}),
        (LOCAL, {"python_location": "/opt/p"}, {"spark.pyspark.python": "/opt/p"}),
        (LOCAL, {"extra_python_lib": "a.py, b.zip"}, {"spark.submit.pyFiles": "a.py,b.zip"}),
        (LOCAL, {"extra_python_lib": ["a.py"]}, {"spark.submit.pyFiles": "a.py"}),
        (LOCAL, {"jars": ["a.jar", "b.jar"]}, {"spark.jars": "a.jar,b.jar"}),
        (
            STANDALONE,
            {"extra_executor_memory_for_ray": "1g"},
            {"spark.executor.memoryOverhead": "1024m"},
        ),
        (LOCAL, {"conf": {"spark.ui.enabled": False}}, {"spark.ui.enabled": "false"}),
        (
            YARN,
            {"num_nodes": 3, "cores": 2},
            {
                "spark.master": "yarn",
                "spark.submit.deployMode": "client",
                "spark.executor.instances": "3",
                "spark.executor.cores": "2",
            },
        ),
        (YARN_CLUSTER, {}, {"spark.submit.deployMode": "cluster"}),
        (YARN, {"queue": "fast"}, {"spark.yarn.queue": "fast"}),
        (YARN, {"spark_yarn_archive": "hdfs:/s.zip"}, {"spark.yarn.archive": "hdfs:/s.zip"}),
        (
            YARN,
            {"penv_archive": "hdfs:/e.tar.gz", "additional_archive": "a.zip#a, b.zip"},
            {"spark.yarn.dist.archives": "a.zip#a,b.zip,hdfs:/e.tar.gz#python_env"},
        ),
        (
            PODS,
            {"master": "k8s://https://h:6443", "num_nodes": 3, "cores": 2},
            {
                "spark.master": "k8s://https://h:6443",
                "spark.submit.deployMode": "client",
                "spark.executor.instances": "3",
                "spark.executor.cores": "2",
            },
        ),
        (
            PODS_CLUSTER,
            {"container_image": "i:1", "namespace": "n", "service_account": "s"},
            {
                "spark.submit.deployMode": "cluster",
                "spark.kubernetes.container.image": "i:1",
                "spark.kubernetes.namespace": "n",
                "spark.kubernetes.authenticate.driver.serviceAccountName": "s",
            },
        ),
        (
            PODS,
            {"pod_template": "pod.yaml", "penv_archive": "e.tar.gz"},
            {
                "spark.kubernetes.driver.podTemplateFile": "pod.yaml",
                "spark.kubernetes.executor.podTemplateFile": "pod.yaml",
                "spark.archives": "e.tar.gz#python_env",
            },
        ),
    ],
)
def test_an_argument_becomes_a_key(
    mode: ClusterMode, arguments: dict[str, Any], expected: dict[str, str]
) -> None:
    assert expected.items() <= conf(mode, **arguments).items()


def test_our_own_standalone_cluster_has_no_master_yet() -> None:
    assert "spark.master" not in conf(STANDALONE, cores=1, num_nodes=2)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({}, "2048m"),
        ({"conf": {"spark.executor.memory": "3g"}}, "3g"),
        ({"conf": {"spark.executor.memory": "3g"}, "memory": "4g"}, "4096m"),
    ],
    ids=["default", "conf", "argument"],
)
def test_an_argument_wins_over_conf_and_conf_over_the_default(
    arguments: dict[str, Any], value: str
) -> None:
    assert conf(STANDALONE, **arguments)["spark.executor.memory"] == value


@pytest.mark.parametrize(
    ("mode", "arguments", "text"),
    [
        (STANDALONE, {"cores": "*"}, "cores='*' is valid for local Spark only"),
        (LOCAL, {"master": "spark://h:1"}, "does not fit the mode 'local'"),
        (STANDALONE, {"master": "h:1"}, "is not the URL of a standalone cluster"),
        (STANDALONE, {"master": "spark://h:1", "num_nodes": 2}, "Also set cores, the cores of"),
        (LOCAL, {"memory": "much"}, "memory='much' is not a size"),
        (YARN, {"cores": "*"}, "cores='*' is valid for local Spark only"),
        (YARN, {"master": "spark://h:1"}, "does not fit the mode 'yarn'"),
        (PODS, {"master": "https://h:1"}, "is not the URL of a Kubernetes cluster"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    mode: ClusterMode, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidSpecException) as raised:
        conf(mode, **arguments)
    assert text in str(raised.value)


RUNNING = {"spark.master": "local[2]", "spark.driver.memory": "1g", "spark.jars": "a.jar,b.jar"}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"cluster_mode": "local"},
        {"cluster_mode": "spark-submit"},
        {"cores": 2},
        {"memory": "1024m"},
        {"jars": "b.jar"},
        {"num_nodes": 4},
    ],
)
def test_arguments_that_match_the_running_spark_are_no_conflict(arguments: dict[str, Any]) -> None:
    assert conflict.conflicts(OrcaArguments(**arguments), RUNNING) == []


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"cores": 4}, ["cores (spark.master='local[4]', currently 'local[2]')"]),
        ({"memory": "4g"}, ["memory (spark.driver.memory='4096m', currently '1g')"]),
        (
            {"master": "spark://h:1"},
            ["master='spark://h:1' (spark.master is currently 'local[2]')"],
        ),
        (
            {"conf": {"spark.x": 1}, "jars": "c.jar"},
            [
                "conf['spark.x'] (spark.x='1', currently not set)",
                "jars (spark.jars='c.jar', currently 'a.jar,b.jar')",
            ],
        ),
        (
            {"cluster_mode": "standalone", "cores": 1},
            [
                "cluster_mode='standalone' (spark.master is currently 'local[2]')",
                "cores (spark.executor.cores='1', currently not set)",
                "cores (spark.cores.max='1', currently not set)",
            ],
        ),
    ],
)
def test_arguments_that_a_running_spark_cannot_honour_are_listed(
    arguments: dict[str, Any], lines: list[str]
) -> None:
    assert sorted(conflict.conflicts(OrcaArguments(**arguments), RUNNING)) == sorted(lines)


def test_a_local_cluster_has_executors() -> None:
    running = {"spark.master": "local-cluster[2,1,1024]", "spark.executor.memory": "2g"}
    assert conflict.conflicts(OrcaArguments(memory="2048m"), running) == []
    assert not is_local("local-cluster[2,1,1024]")
    assert all(is_local(master) for master in ("local", "local[2]", "local[*]"))


def test_node_counts_are_unused_only_in_local_mode() -> None:
    arguments = OrcaArguments(num_nodes=2, num_ray_nodes=1)
    assert conflict.unused(arguments, LOCAL, "local[2]") == [
        "num_nodes=2 has no effect: this Spark is local, which is one node."
    ]
    assert conflict.unused(arguments, SUBMIT, "local[2]") != []
    assert conflict.unused(arguments, STANDALONE, "spark://h:1") == []


def test_arguments_for_yarn_are_unused_elsewhere() -> None:
    arguments = OrcaArguments(queue="fast", penv_archive="e.tar.gz")
    assert conflict.unused(arguments, SUBMIT, "yarn") == [
        "queue='fast' has no effect: this Spark was not started on YARN from here.",
        "penv_archive='e.tar.gz' has no effect: this Spark was not started on YARN or Kubernetes "
        "from here.",
    ]
    assert conflict.unused(arguments, YARN, "yarn") == []


def test_arguments_for_kubernetes_are_unused_elsewhere() -> None:
    arguments = OrcaArguments(namespace="n", penv_archive="e.tar.gz", prepare_pods=False)
    unused = conflict.unused(arguments, YARN, "yarn")
    assert unused == [
        "namespace='n' has no effect: this Spark was not started on Kubernetes from here.",
        "prepare_pods=False has no effect: this Spark has no pods.",
    ]
    assert conflict.unused(arguments, PODS, "k8s://https://h:1") == []


def test_a_driver_in_a_pod_knows_how_it_was_submitted() -> None:
    running = {"spark.master": "k8s://https://h:1", "spark.submit.deployMode": "client"}
    in_pod = running | {"spark.kubernetes.submitInDriver": "true"}
    assert conflict.conflicts(OrcaArguments(cluster_mode="k8s"), running) == []
    assert conflict.conflicts(OrcaArguments(cluster_mode="k8s-cluster"), in_pod) == []
    (why,) = conflict.conflicts(OrcaArguments(cluster_mode="k8s"), in_pod)
    assert why == "cluster_mode='k8s' (spark.master is currently 'k8s://https://h:1')"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 1024 + 384),
        ({"spark.executor.memory": "8g"}, 8192 + 819),
        ({"spark.executor.memory": "1g", "spark.executor.memoryOverhead": "2g"}, 3072),
        ({"spark.executor.pyspark.memory": "100m"}, 1408 + 100),
        ({"spark.memory.offHeap.size": str(64 * 1024**2)}, 1408 + 64),
    ],
)
def test_a_worker_has_room_for_one_executor(values: dict[str, str], expected: int) -> None:
    assert session.worker_memory_mib(values) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("4", "8")),
        ({"spark.executor.cores": "1"}, ("1", "2")),
        ({"spark.cores.max": "4"}, ("4", "4")),
        ({"spark.executor.cores": "3", "spark.cores.max": "3"}, ("3", "3")),
    ],
)
def test_our_own_standalone_cluster_sets_the_cores_per_executor_and_in_total(
    given: dict[str, str], expected: tuple[str, str]
) -> None:
    sizes = session.standalone_sizes(given, nodes=2, machine_cores=9)
    assert (sizes["spark.executor.cores"], sizes["spark.cores.max"]) == expected


def test_each_worker_has_a_core_even_if_the_machine_has_fewer() -> None:
    sizes = session.standalone_sizes({}, nodes=4, machine_cores=2)
    assert sizes["spark.cores.max"] == "4"
