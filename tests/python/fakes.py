"""Stand-ins for the JVM, Spark and Ray that record how they are called."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from rayonspark.spec import RayClusterSpec

ENVIRONMENT = {
    "RAY_ADDRESS": "10.0.0.1:6379",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "secret-of-the-test",
}


class FakeHandle:
    """A ``ClusterHandle`` that runs immediately, unless it gets an error to throw."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls: list[str] = []
        self.state_now = "running"
        self.failure_text = ""
        self.ending = threading.Event()
        self.address_map: dict[str, Any] = {
            "node_ip_address": "10.0.0.1",
            "metrics_export_port": "8080",
            "webui_url": "",
        }

    def id(self) -> str:
        return "ros-1"

    def state(self) -> str:
        return self.state_now

    def failure(self) -> str:
        return self.failure_text

    def awaitHead(self, timeout_ms: int) -> bool:
        self.calls.append("awaitHead")
        if self.error is not None:
            raise self.error
        return True

    def awaitRunning(self, timeout_ms: int) -> bool:
        self.calls.append("awaitRunning")
        return True

    def awaitEnding(self) -> str:
        self.ending.wait(10)
        return self.state_now

    def progress(self) -> str:
        return "0 of 2 nodes"

    def clientAttached(self, pid: int) -> None:
        self.calls.append("clientAttached")

    def clientDetached(self, pid: int) -> None:
        self.calls.append("clientDetached")

    def address(self) -> str:
        return ENVIRONMENT["RAY_ADDRESS"]

    def addressInfo(self) -> dict[str, Any]:
        return dict(self.address_map)

    def environment(self) -> dict[str, str]:
        return dict(ENVIRONMENT)

    def nodes(self) -> list[dict[str, Any]]:
        workers = [java_node("worker", executor, 2) for executor in ("0", "1")]
        return [java_node("head", "driver", 0), *workers]

    def stop(self) -> None:
        self.calls.append("stop")
        self.end("stopped")

    def end(self, state: str) -> None:
        self.state_now = state
        self.ending.set()


def java_node(role: str, executor_id: str, cpus: int) -> dict[str, Any]:
    """Return a node as the JVM describes it before Ray lists it."""
    return {
        "rayNodeId": "",
        "role": role,
        "host": "10.0.0.1",
        "executorId": executor_id,
        "pid": 0,
        "cpus": cpus,
        "gpus": 0.0,
        "memory": 1,
        "objectStoreMemory": 2,
        "state": "launched",
        "restarts": 0,
        "ports": {"node_manager": 5},
        "logDirectory": "/logs",
    }


class FakeApi:
    """A ``PythonApi`` that returns one handle."""

    def __init__(self, handle: FakeHandle) -> None:
        self.handle = handle
        self.started: list[dict[str, str]] = []
        self.fields = list(RayClusterSpec.names())

    def specFields(self) -> list[str]:
        return self.fields

    def start(self, session: Any, fields: dict[str, str], python: str) -> FakeHandle:
        self.started.append(fields)
        return self.handle


class FakeConf:
    """A SparkConf that can only be read."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, key: str, default: str) -> str:
        return self._values.get(key, default)

    def getAll(self) -> list[tuple[str, str]]:
        return list(self._values.items())


class FakeContext:
    """A running SparkContext."""

    def __init__(self, jvm: Any, conf: dict[str, str]) -> None:
        self._jvm = jvm
        self.master = conf["spark.master"]
        self.stopped_in_jvm = False
        self.conf = conf
        self.stops = 0
        self._jsc: Any = SimpleNamespace(
            sc=lambda: SimpleNamespace(isStopped=lambda: self.stopped_in_jvm)
        )

    def getConf(self) -> FakeConf:
        return FakeConf(self.conf)

    def stop(self) -> None:
        self.stops += 1
        self._jsc = None


class FakeSession:
    """A classic SparkSession."""

    def __init__(self, handle: FakeHandle | None = None) -> None:
        self.handle = handle or FakeHandle()
        self.api = FakeApi(self.handle)
        python = SimpleNamespace(PythonApi=self.api)
        jvm = SimpleNamespace(org=SimpleNamespace(rayonspark=SimpleNamespace(python=python)))
        self._jsparkSession = object()
        self.sparkContext = FakeContext(jvm, {"spark.master": "local[2]"})


class FakeRay:
    """The module ``ray``: connected to at most one cluster."""

    def __init__(self) -> None:
        self.gcs_address: str | None = None
        self.given: list[dict[str, Any]] = []
        self.shutdowns = 0
        self.config_reads = 0
        self.fails: BaseException | None = None

    def init(
        self, address: str | None = None, *, namespace: str | None = None, **kwargs: Any
    ) -> Any:
        if self.fails is not None:
            raise self.fails
        self.given.append({"address": address, "namespace": namespace, **kwargs})
        self.gcs_address = address
        info = {
            "redis_address": None,
            "gcs_address": "other:1",
            "node_id": "n-1",
            "webui_url": "127.0.0.1:8265",
        }
        return SimpleNamespace(address_info=info)

    def is_initialized(self) -> bool:
        return self.gcs_address is not None

    def shutdown(self) -> None:
        self.shutdowns += 1
        self.gcs_address = None

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(gcs_address=self.gcs_address)


class JavaThrowable:
    """A Java exception as py4j shows it."""

    def __init__(self, name: str, message: str, cause: JavaThrowable | None = None) -> None:
        self._name = name
        self._message = message
        self._cause = cause
        # py4j's own error reads this attribute of the object that it carries.
        self._target_id = "o1"

    def getClass(self) -> Any:
        return SimpleNamespace(getName=lambda: self._name)

    def getMessage(self) -> str:
        return self._message

    def getCause(self) -> JavaThrowable | None:
        return self._cause
