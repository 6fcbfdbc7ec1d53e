"""The Ray context of ``OrcaContext``: a ``RayCluster`` under the names of BigDL Orca."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rayonspark import _ray
from rayonspark._arguments import OrcaArguments
from rayonspark.cluster import RayCluster, start_cluster
from rayonspark.cluster_mode import is_local
from rayonspark.errors import ClusterStoppedException

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame
    from ray.data import Dataset

__all__ = ["OrcaRayContext"]

_LOG = logging.getLogger("rayonspark")


def resolved(arguments: OrcaArguments) -> OrcaArguments:
    """Return the arguments, with those for ``ray.init`` moved from `extra_params`.

    Raises
    ------
    InvalidSpecException
        See :meth:`OrcaArguments.with_ray_init`.
    """
    if not arguments.extra_params:
        return arguments
    return arguments.with_ray_init(_ray.start_options(), _ray.init_arguments())


class OrcaRayContext:
    """Ray on the executors of the current Orca context.

    :func:`init_orca_context` creates it, and ``OrcaContext.get_ray_context()`` returns it. It can
    be started again after :meth:`stop`.
    """

    def __init__(self, sc: SparkContext, arguments: OrcaArguments) -> None:
        self._sc = sc
        self._arguments = arguments
        self._cluster: RayCluster | None = None

    def init(self, driver_cores: int | None = None, *, barrier: bool = True) -> dict[str, Any]:
        """Start Ray if it is not running, and connect this process to it if it is not connected.

        Parameters
        ----------
        driver_cores : int, optional
            CPUs that the head, which runs next to the driver, offers to Ray. Default: 0. It has no
            effect in local mode, where the head offers `ray_node_cpu_cores` of
            :func:`init_orca_context` or the cores of the master; nor when Ray is already running.
            A warning says so.
        barrier : bool, optional
            Whether Spark places the nodes in a barrier stage. Default: True.

        Returns
        -------
        dict
            Same as :attr:`address_info`.

        Raises
        ------
        RayOnSparkException
            See :meth:`RayCluster.start`.
        """
        local = is_local(str(self._sc.master))
        if driver_cores is not None:
            why = self._unused_driver_cores(driver_cores, local=local)
            if why is not None:
                _LOG.warning("driver_cores=%r has no effect: %s", driver_cores, why)
                driver_cores = None
        if not self.initialized:
            from pyspark.sql import SparkSession

            arguments = resolved(self._arguments)
            fields = arguments.ray_fields(barrier=barrier, local=local)
            if driver_cores is not None:
                fields["head_cpus"] = driver_cores
            # A previous cluster is stopped or has failed. Clean it up first.
            self.stop()
            session = SparkSession.builder.getOrCreate()
            self._cluster = start_cluster(
                session, fields=fields, ray_init=arguments.ray_init, quiet=not arguments.verbose
            )
        elif not self.cluster.connected and not _ray.initialized():
            # The user has called ray.shutdown().
            self.cluster.connect(**(resolved(self._arguments).ray_init or {}))
        return self.address_info

    def _unused_driver_cores(self, cores: int, *, local: bool) -> str | None:
        if local:
            return "in local mode the head offers the cores of the master."
        if self.initialized and self.cluster.nodes[0].cpus != cores:
            head = self.cluster.nodes[0].cpus
            return (
                f"Ray is already running, with {head} CPUs on the head. Call stop() first, then "
                "init() again."
            )
        return None

    def stop(self) -> None:
        """Stop Ray and keep Spark running. Idempotent; see :meth:`RayCluster.stop`."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None

    @property
    def cluster(self) -> RayCluster:
        """The cluster on which this context runs.

        Raises
        ------
        ClusterStoppedException
            Ray was not started, or :meth:`stop` was called. The properties below raise it too.
        """
        if self._cluster is None:
            raise ClusterStoppedException(
                "Ray is not running in this Orca context. Call init() or "
                "OrcaContext.get_ray_context() first."
            )
        return self._cluster

    def to_ray(self, df: DataFrame, **options: Any) -> Dataset:
        """Convert a Spark DataFrame to a Ray Dataset.

        Parameters
        ----------
        df : pyspark.sql.DataFrame
            A DataFrame of this context's SparkContext.
        **options
            `max_rows_per_block`, `num_blocks` and `recoverable` of :meth:`RayCluster.to_ray`, which
            also lists the errors.

        Returns
        -------
        ray.data.Dataset
        """
        return self.cluster.to_ray(df, **options)

    def to_spark(self, ds: Dataset) -> DataFrame:
        """Convert a Ray Dataset to a Spark DataFrame.

        Parameters
        ----------
        ds : ray.data.Dataset
            A Dataset of this context's Ray cluster.

        Returns
        -------
        pyspark.sql.DataFrame
            See :meth:`RayCluster.to_spark`, which also lists the errors.
        """
        return self.cluster.to_spark(ds)

    @property
    def initialized(self) -> bool:
        """Whether Ray is running."""
        return self._cluster is not None and self._cluster.state == "running"

    @property
    def address_info(self) -> dict[str, Any]:
        """Ray's addresses, as ``ray.init`` names them; see :attr:`RayCluster.address_info`."""
        return self.cluster.address_info

    @property
    def redis_address(self) -> str:
        """The GCS address, "host:port". Early versions of Ray ran Redis there."""
        return self.cluster.address

    @property
    def num_ray_nodes(self) -> int:
        """Number of nodes that run Ray's work: the workers, or the head if it is the only node."""
        nodes = self.cluster.nodes
        return sum(node.role == "worker" for node in nodes) or len(nodes)

    @property
    def ray_node_cpu_cores(self) -> int:
        """CPUs that each node that runs Ray's work offers, read from the first one."""
        nodes = self.cluster.nodes
        workers = [node for node in nodes if node.role == "worker"] or nodes
        return int(workers[0].cpus)

    def differing(self, arguments: OrcaArguments, names: Iterable[str]) -> list[str]:
        """Return a text for each of these arguments that differs from those of this context."""
        return [
            f"{name}={getattr(arguments, name)!r} (currently {getattr(self._arguments, name)!r})"
            for name in names
            if arguments.asks_for(name)
            and getattr(arguments, name) != getattr(self._arguments, name)
        ]

    def merged_arguments(self, arguments: OrcaArguments) -> OrcaArguments:
        """Return the arguments of this context, overridden by those that a later call sets."""
        changes = {
            field.name: getattr(arguments, field.name)
            for field in dataclasses.fields(arguments)
            if arguments.asks_for(field.name)
        }
        return dataclasses.replace(self._arguments, **changes)
