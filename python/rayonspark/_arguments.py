"""The arguments of ``init_orca_context``, checked when they are collected."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rayonspark._names import closest, unknown_argument
from rayonspark.errors import InvalidSpecException

_FUNCTION = "init_orca_context"
_UNSUPPORTED = {
    "redis_password": "is not supported: a token protects each cluster instead, see the key "
    "spark.rayonspark.auth",
    "runtime": "is not needed: the runtime is always Spark, and ray.init connects to other Ray "
    "clusters",
}
# Options of `ray start` that are fields of RayClusterSpec and have no argument of their own here.
_SPEC_FIELDS = {
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
    """The arguments of one call of ``init_orca_context``.

    A field that has its default value counts as not given: see :meth:`asks_for`.
    """

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
    ray_init: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.cores != "*":
            _require_positive("cores", self.cores)
        for name in ("num_nodes", "driver_cores", "num_ray_nodes", "ray_node_cpu_cores"):
            _require_positive(name, getattr(self, name))

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> OrcaArguments:
        """Collect the arguments of a call.

        Raises
        ------
        TypeError
            An argument is unknown. The error names the closest valid one, or explains why the
            argument is not supported.
        InvalidSpecException
            A count is not a whole number of at least 1.
        """
        valid = [field.name for field in dataclasses.fields(cls)]
        for name in arguments:
            if name in _UNSUPPORTED:
                raise TypeError(f"{_FUNCTION}(): {name!r} {_UNSUPPORTED[name]}. Leave it out.")
            if name not in valid:
                raise unknown_argument(_FUNCTION, name, valid)
        return cls(**arguments)

    def asks_for(self, name: str) -> bool:
        """Return whether this argument has a value other than its default."""
        return bool(getattr(self, name) != getattr(type(self), name))

    def with_ray_init(
        self, start_options: Collection[str], init_arguments: Collection[str]
    ) -> OrcaArguments:
        """Move what belongs to ``ray.init`` from `extra_params` to `ray_init`.

        Parameters
        ----------
        start_options : collection of str
            The options of ``ray start``, such as "--num-cpus".
        init_arguments : collection of str
            The arguments of ``ray.init``.

        Raises
        ------
        InvalidSpecException
            Neither ``ray start`` nor ``ray.init`` has such a name, or `ray_init` has another value
            for it.
        """
        kept: dict[str, Any] = {}
        moved: dict[str, Any] = {}
        for name, value in (self.extra_params or {}).items():
            flag = _flag(name)
            argument = flag[2:].replace("-", "_")
            if flag in start_options:
                kept[name] = value
            elif argument in init_arguments:
                moved[argument] = value
            else:
                near = closest(flag, start_options)
                raise InvalidSpecException(
                    f'extra_params: ray start has no option "{flag}", and ray.init has no argument '
                    f'"{argument}". ' + (f'Did you mean "{near}"?' if near else "Leave it out.")
                )
        given = dict(self.ray_init or {})
        for name in moved.keys() & given.keys():
            if moved[name] != given[name]:
                raise InvalidSpecException(
                    f"ray_init has {name}={given[name]!r}, but extra_params has {moved[name]!r}. "
                    "Set it in ray_init only."
                )
        return dataclasses.replace(self, extra_params=kept or None, ray_init=moved | given or None)

    def ray_fields(self, *, barrier: bool, local: bool) -> dict[str, Any]:
        """Translate the arguments that concern Ray to fields of ``RayClusterSpec``.

        Parameters
        ----------
        barrier : bool
            ``OrcaContext.barrier_mode``. True is the default of the specification, so it sets no
            field.
        local : bool
            Whether Spark's master is local. The head is then the only node.

        Returns
        -------
        dict
            Only the fields that the arguments set.
        """
        named = {_flag(name): value for name, value in (self.extra_params or {}).items()}
        options = [
            _option(flag, value) for flag, value in named.items() if flag not in _SPEC_FIELDS
        ]
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
            **{_SPEC_FIELDS[flag]: value for flag, value in named.items() if flag in _SPEC_FIELDS},
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
    "ray_init",
)


def _require_positive(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSpecException(
            f"{name}={value!r} is not a whole number of at least 1. Pass such a number, or leave "
            "it out."
        )


def _flag(name: str) -> str:
    return "--" + name.lstrip("-").replace("_", "-")


def _option(flag: str, value: object) -> str:
    if value is True:
        return flag
    return f"{flag}={str(value).lower() if isinstance(value, bool) else value}"
