"""What the user asks of a Ray cluster: the same fields, in the same order, as on the JVM."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from rayonspark._names import unknown_argument

__all__ = ["RayClusterSpec"]


@dataclasses.dataclass(frozen=True)
class RayClusterSpec:
    """What a Ray cluster should be.

    Every field is optional. A field that is None is taken from its Spark key
    ``spark.rayonspark.<camelCase name>``, and from its default when the key is not set either. The
    JVM judges the values, when a cluster starts. Sizes are bytes or text such as "500m" and
    "1.5g", in binary units.

    Parameters
    ----------
    num_nodes : int, optional
        Ray worker nodes, at least 1, one per Spark executor. Default: all executors.
    cpus_per_node : int, optional
        CPUs that a worker node offers, at least 1. Default: the executor's cores.
    gpus_per_node : float, optional
        GPUs that a worker node offers. Default: all that Spark gave to its executor.
    memory : int or str, optional
        Memory that a node offers to Ray's workers (``ray start --memory``). Default: what the
        executor's limit leaves.
    object_store_memory : int or str, optional
        Size of a node's object store. Default: a share of the same rest, within /dev/shm.
    staging_memory : int or str, optional
        Memory of each node for what is on its way between Spark and Ray. Default: a quarter of the
        object store.
    head_cpus : int, optional
        CPUs of the head beside the driver. Default: 0; under ``local[n]``, where the head is the
        only node, n.
    resources : mapping of str to float, optional
        Custom Ray resources of each worker node.
    labels : mapping of str to str, optional
        Ray labels of each node; the executor's id and host are added in any case.
    env : mapping of str to str, optional
        Environment variables of the Ray nodes, and so of Ray's workers.
    python : str or os.PathLike, optional
        Interpreter that runs Ray. Default: ``spark.pyspark.python``, PYSPARK_PYTHON, "python3".
    head_args, worker_args : sequence of str, optional
        Further options of ``ray start``. Those that RayOnSpark sets itself are refused.
    ports : str, optional
        Pinned ports and ranges: "gcs=6379,dashboard=8265,worker=10000-10100,range=20000-20999".
        Default: free ones.
    scheduling : {"barrier", "plain"}, optional
        How Spark schedules the tasks that place the nodes. Default: "barrier".
    tenure : {"shared", "reserved"}, optional
        Whether Spark has its slots back once the nodes run. Default: "shared".
    start_timeout : int, float or str, optional
        How long a start may take, in seconds or as text such as "120s". Default: 120 s.
    temp_dir : str or os.PathLike, optional
        Where the nodes' own directories are made; keep it short. Default: "/tmp".
    spill_dir : str or os.PathLike, optional
        Where objects go that do not fit into the store. Default: Spark's local directories.
    dashboard : bool, optional
        Whether Ray's dashboard runs, where it is installed. Default: True.
    dashboard_host : str, optional
        Address that the dashboard binds. Default: "127.0.0.1".
    dashboard_port : int, optional
        Default: a free one.
    log_dir : str or os.PathLike, optional
        Where the nodes' logs stay. Default: the executor's own log or work directory.
    auth : {"token", "disabled"}, optional
        Whether clients need the cluster's token. Default: "token".
    max_restarts : int, optional
        How often a node that died is started again. Default: 3.
    drain_timeout : int, float or str, optional
        How long a node whose executor is about to leave may take to finish what runs on it, in
        seconds or as text; 0 ends it at once. Default: 20 s.
    """

    num_nodes: int | None = None
    cpus_per_node: int | None = None
    gpus_per_node: float | None = None
    memory: int | str | None = None
    object_store_memory: int | str | None = None
    staging_memory: int | str | None = None
    head_cpus: int | None = None
    resources: Mapping[str, float] | None = None
    labels: Mapping[str, str] | None = None
    env: Mapping[str, str] | None = None
    python: str | os.PathLike[str] | None = None
    head_args: Sequence[str] | None = None
    worker_args: Sequence[str] | None = None
    ports: str | None = None
    scheduling: str | None = None
    tenure: str | None = None
    start_timeout: int | float | str | None = None
    temp_dir: str | os.PathLike[str] | None = None
    spill_dir: str | os.PathLike[str] | None = None
    dashboard: bool | None = None
    dashboard_host: str | None = None
    dashboard_port: int | None = None
    log_dir: str | os.PathLike[str] | None = None
    auth: str | None = None
    max_restarts: int | None = None
    drain_timeout: int | float | str | None = None

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of all fields, in order."""
        return tuple(field.name for field in dataclasses.fields(cls))

    def with_fields(self, function: str, fields: Mapping[str, Any]) -> RayClusterSpec:
        """Give this spec with other values for some fields, as arguments of `function`.

        Raises
        ------
        TypeError
            A name is not a field; the error names the closest one.
        """
        for name in fields:
            if name not in self.names():
                raise unknown_argument(function, name, self.names())
        return dataclasses.replace(self, **fields)

    def to_strings(self) -> dict[str, str]:
        """Give the fields that are set as the text in which they cross to the JVM."""
        values = {name: getattr(self, name) for name in self.names()}
        return {name: _text(name, value) for name, value in values.items() if value is not None}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, Mapping):
        return json.dumps(dict(value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return json.dumps(list(value))
    raise TypeError(
        f"RayClusterSpec field {name!r} cannot be a {type(value).__name__}: {value!r}. "
        "Give text, a number, a bool, a dict or a list."
    )
