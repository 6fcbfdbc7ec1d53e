"""Every argument of ``init_orca_context``, valid once it exists."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rayonspark._names import unknown_argument
from rayonspark.errors import InvalidSpecException

_FUNCTION = "init_orca_context"
_ELSEWHERE = {
    "redis_password": "has no meaning for Ray now: a token guards each cluster by itself, see the "
    "key spark.rayonspark.auth",
    "runtime": "is not needed: the runtime is Spark here, and ray.init attaches to other clusters",
}
# Options of `ray start` that are fields of a cluster; no argument says the same.
_FIELDS = {
    "--num-gpus": "gpus_per_node",
    "--memory": "memory",
    "--resources": "resources",
    "--labels": "labels",
    "--temp-dir": "temp_dir",
    "--object-spilling-directory": "spill_dir",
    "--dashboard-host": "dashboard_host",
    "--dashboard-port": "dashboard_port",
}


@dataclasses.dataclass(frozen=True)
class OrcaArguments:
    """What a call of ``init_orca_context`` asked for; a field at its default was not asked for."""

    cluster_mode: str | None = None
    cores: int | str | None = None
    memory: str | int = "2g"
    num_nodes: int = 1
    init_ray_on_spark: bool = False
    conf: Mapping[str, Any] | None = None
    spark_log_level: str | None = None
    python_location: str | None = None
    driver_cores: int | None = None
    driver_memory: str | int | None = None
    extra_executor_memory_for_ray: str | int | None = None
    extra_python_lib: str | Sequence[str] | None = None
    jars: str | Sequence[str] | None = None
    master: str | None = None
    redis_port: int | None = None
    object_store_memory: str | int | None = None
    env: Mapping[str, str] | None = None
    extra_params: Mapping[str, Any] | None = None
    include_webui: bool | None = None
    system_config: Mapping[str, Any] | None = None
    num_ray_nodes: int | None = None
    ray_node_cpu_cores: int | None = None
    verbose: bool = False
    hadoop_conf: str | None = None
    hadoop_user_name: str | None = None
    penv_archive: str | None = None
    additional_archive: str | Sequence[str] | None = None
    spark_yarn_archive: str | None = None
    queue: str | None = None
    container_image: str | None = None
    namespace: str | None = None
    service_account: str | None = None
    pod_template: str | None = None
    prepare_pods: bool = True

    def __post_init__(self) -> None:
        if self.cores != "*":
            _require_positive("cores", self.cores)
        for name in ("num_nodes", "driver_cores", "num_ray_nodes", "ray_node_cpu_cores"):
            _require_positive(name, getattr(self, name))

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> OrcaArguments:
        """Read the arguments of a call.

        Raises
        ------
        TypeError
            An argument is unknown; the error names the closest valid one, or says why it is gone.
        """
        valid = [field.name for field in dataclasses.fields(cls)]
        for name in arguments:
            if name in _ELSEWHERE:
                raise TypeError(f"{_FUNCTION}(): {name!r} {_ELSEWHERE[name]}. Leave it out.")
            if name not in valid:
                raise unknown_argument(_FUNCTION, name, valid)
        return cls(**arguments)

    def asks_for(self, name: str) -> bool:
        """Say whether this argument was given another value than its default."""
        return bool(getattr(self, name) != getattr(type(self), name))

    def ray_fields(self, *, barrier: bool, local: bool) -> dict[str, Any]:
        """Translate what concerns Ray to fields of ``RayClusterSpec``.

        Parameters
        ----------
        barrier : bool
            ``OrcaContext.barrier_mode``; True is the specification's own default.
        local : bool
            Whether Spark's master is local: there the head is the only node.
        """
        named = {_flag(name): value for name, value in (self.extra_params or {}).items()}
        options = [_option(flag, value) for flag, value in named.items() if flag not in _FIELDS]
        config = self.system_config
        system = [] if config is None else [f"--system-config={json.dumps(dict(config))}"]
        fields = {
            "num_nodes": None if local else self.num_ray_nodes,
            "head_cpus" if local else "cpus_per_node": self.ray_node_cpu_cores,
            "object_store_memory": self.object_store_memory,
            "env": self.env,
            "head_args": [*options, *system] or None,
            "worker_args": options or None,
            "ports": None if self.redis_port is None else f"gcs={self.redis_port}",
            "scheduling": None if barrier else "plain",
            "dashboard": self.include_webui,
            **{_FIELDS[flag]: value for flag, value in named.items() if flag in _FIELDS},
        }
        return {name: value for name, value in fields.items() if value is not None}


YARN_ARGUMENTS = (
    "hadoop_conf",
    "hadoop_user_name",
    "additional_archive",
    "spark_yarn_archive",
    "queue",
)

KUBERNETES_ARGUMENTS = (
    "container_image",
    "namespace",
    "service_account",
    "pod_template",
)

RAY_ARGUMENTS = (
    "redis_port",
    "object_store_memory",
    "env",
    "extra_params",
    "include_webui",
    "system_config",
    "num_ray_nodes",
    "ray_node_cpu_cores",
)


def _require_positive(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSpecException(
            f"{name}={value!r} is not a whole number of at least 1. Give such a number, or leave "
            "it out."
        )


def _flag(name: str) -> str:
    return "--" + name.lstrip("-").replace("_", "-")


def _option(flag: str, value: object) -> str:
    if value is True:
        return flag
    return f"{flag}={str(value).lower() if isinstance(value, bool) else value}"
