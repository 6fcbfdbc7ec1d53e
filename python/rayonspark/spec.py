"""The specification of a Ray cluster, with the same fields in the same order as in the JVM."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from rayonspark._names import unknown_argument
from rayonspark.errors import InvalidSpecException

__all__ = ["ALIASES", "RayClusterSpec"]

ALIASES = {
    "max_worker_nodes": "num_nodes",
    "min_worker_nodes": "num_nodes",
    "num_cpus_worker_node": "cpus_per_node",
    "num_gpus_worker_node": "gpus_per_node",
    "num_cpus_head_node": "head_cpus",
    "memory_worker_node": "memory",
    "object_store_memory_worker_node": "object_store_memory",
    "ray_temp_root_dir": "temp_dir",
    "collect_log_to_path": "log_dir",
}
"""Names of ``ray.util.spark.setup_ray_cluster``, with the field of each."""


@dataclasses.dataclass(frozen=True)
class RayClusterSpec:
    """The specification of a Ray cluster.

    Every field is optional. A field that is None gets the value of its Spark key
    ``spark.rayonspark.<camelCase name>``, or its default when the key is not set either. The JVM
    checks the values when a cluster starts.

    Sizes are numbers of bytes or text such as "500m" and "1.5g", in binary units. A node's share of
    memory is the executor's memory limit, or the available memory of the host divided by the nodes
    on it if that is less, minus the heap of the executor's JVM and 384 MiB.

    Parameters
    ----------
    num_nodes : int, optional
        Ray worker nodes, at least 1, with one node per Spark executor. Default: all executors that
        Spark's settings ask for. If the settings do not fix the number, the start waits until no
        executor has registered for 5 s, and then uses all of them.
    cpus_per_node : int, optional
        CPUs that a worker node offers, at least 1 and at most the executor's cores. Default: the
        executor's cores.
    gpus_per_node : float, optional
        GPUs that a worker node offers, a whole number. Default: all GPUs that Spark assigned to the
        executor.
    memory : int or str, optional
        Memory that a node offers for the heaps of Ray's workers (``ray start --memory``). Default:
        the node's share minus the object store.
    object_store_memory : int or str, optional
        Size of a node's object store, at least 75 MiB, and not more than `memory` if that is set.
        Default: 30 % of the node's share, or the node's part of the free /dev/shm when that is
        less.
    staging_memory : int or str, optional
        Limit for the data in transit between Spark and Ray on each node. The data is in /dev/shm,
        in addition to the object store. Default: a quarter of the object store.
    head_cpus : int, optional
        CPUs of the head, which runs next to the driver. Default: 0; with the master ``local[n]``,
        where the head is the only node, n.
    resources : mapping of str to float, optional
        Custom Ray resources of each worker node, in whole numbers. Default: none.
    labels : mapping of str to str, optional
        Ray labels of each worker node. The labels ``rayonspark.org/executor-id`` and
        ``rayonspark.org/host`` are always added, on the head as well. Default: none.
    env : mapping of str to str, optional
        Environment variables of the Ray nodes, and therefore of Ray's workers. Default: none.
    env_passthrough : sequence of str, optional
        Names, with the wildcards ``*`` and ``?``, of the variables that a node inherits from the
        Spark process that it runs next to; an empty sequence leaves only what programs need to
        run. Spark's own variables and those of other Ray clusters are never inherited. Default:
        ``["*"]``, as for Spark's Python workers.
    python : str or os.PathLike, optional
        Interpreter that runs Ray on all nodes, the head included. Default: on executors the first
        that is set of ``spark.pyspark.python`` and PYSPARK_PYTHON, else "python3"; on the head the
        interpreter of this process.
    head_args, worker_args : sequence of str, optional
        Additional options of ``ray start``. Options that RayOnSpark sets itself are errors.
        Default: none.
    ports : str, optional
        Fixed ports and ranges: "gcs=6379,dashboard=8265,worker=10000-10100,range=20000-20999".
        Default: free ports.
    scheduling : {"barrier", "plain"}, optional
        How Spark schedules the tasks that place the nodes. Default: "barrier".
    slots : {"shared", "reserved"}, optional
        Whether Spark may use all task slots of an executor while a node runs there ("shared"), or
        the node reserves as many as it has CPUs ("reserved"). With dynamic allocation it is always
        "reserved". Default: "shared".
    start_timeout : int, float or str, optional
        Limit for the duration of a start, including the wait for executors, in seconds or as text
        such as "120s". Default: 120 s.
    temp_dir : str or os.PathLike, optional
        Directory in which each node creates its own directory. Keep the path short, because Unix
        sockets are below it. Default: "/tmp".
    spill_dir : str or os.PathLike, optional
        Directory for objects that do not fit into the store. Default: the first of Spark's local
        directories on the executor.
    dashboard : bool, optional
        Whether to run Ray's dashboard where it is installed. `ray job` and `ray list` need it.
        Default: True.
    dashboard_host : str, optional
        Address to which the dashboard binds. Default: "127.0.0.1".
    dashboard_port : int, optional
        Port of the dashboard. Default: a free port.
    usage_stats : bool, optional
        Whether the head reports usage statistics to Ray's developers over the internet. Ray's own
        default is to report them. Default: False.
    log_dir : str or os.PathLike, optional
        Directory that keeps the nodes' logs after their end. Default: the executor's own log or
        work directory.
    auth : {"token", "disabled"}, optional
        Whether clients need the cluster's token. Default: "token".
    max_restarts : int, optional
        How often a node that died is restarted within 10 minutes. After that, the cluster continues
        without the node. Default: 3.
    drain_timeout : int, float or str, optional
        Time for a node to finish its work when Spark or the cluster manager is about to remove its
        executor, in seconds or as text. With 0 the node ends at once. Default: 20 s.
    tenure : str, optional
        Former name of `slots`. Deprecated.
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
    env_passthrough: Sequence[str] | None = None
    python: str | os.PathLike[str] | None = None
    head_args: Sequence[str] | None = None
    worker_args: Sequence[str] | None = None
    ports: str | None = None
    scheduling: str | None = None
    slots: str | None = None
    start_timeout: int | float | str | None = None
    temp_dir: str | os.PathLike[str] | None = None
    spill_dir: str | os.PathLike[str] | None = None
    dashboard: bool | None = None
    dashboard_host: str | None = None
    dashboard_port: int | None = None
    usage_stats: bool | None = None
    log_dir: str | os.PathLike[str] | None = None
    auth: str | None = None
    max_restarts: int | None = None
    drain_timeout: int | float | str | None = None
    tenure: dataclasses.InitVar[str | None] = None
    """Former name of `slots`."""

    def __post_init__(self, tenure: str | None) -> None:
        if tenure is None:
            return
        _check_same("tenure", tenure, "slots", self.slots)
        warnings.warn(
            "tenure, a field of RayClusterSpec, is now called slots. Set slots instead.",
            FutureWarning,
            stacklevel=3,
        )
        object.__setattr__(self, "slots", tenure)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all fields, in order."""
        return tuple(field.name for field in dataclasses.fields(cls))

    def with_fields(self, function: str, fields: Mapping[str, Any]) -> RayClusterSpec:
        """Return a copy of this specification with other values for some fields.

        Parameters
        ----------
        function : str
            Name of the function that received `fields` as arguments, for errors.
        fields : mapping
            Values by the name of a field, or by one of its :data:`ALIASES`.

        Raises
        ------
        TypeError
            A name is not a field. The error names the closest one.
        InvalidSpecException
            A field has different values under two names.
        """
        values: dict[str, Any] = {}
        given: dict[str, str] = {}
        for name, value in fields.items():
            field = ALIASES.get(name, name)
            if field not in (*self.names(), "tenure"):
                raise unknown_argument(function, name, self.names())
            if field in values:
                _check_same(name, value, given[field], values[field])
            values[field] = value
            given[field] = name
        return dataclasses.replace(self, **values)

    def to_strings(self) -> dict[str, str]:
        """Return the fields that are set, as the text that is sent to the JVM."""
        values = {name: getattr(self, name) for name in self.names()}
        return {name: _text(name, value) for name, value in values.items() if value is not None}


def _check_same(name: str, value: object, other: str, others_value: object) -> None:
    if value != others_value and value is not None and others_value is not None:
        field = ALIASES.get(other, other)
        raise InvalidSpecException(
            f"{other}={others_value!r} and {name}={value!r} are two values of the field {field}. "
            f"Pass {field} alone."
        )


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
        "Pass text, a number, a bool, a dict or a list."
    )
