"""Ray as ``OrcaContext`` hands it out: names of BigDL Orca over a ``RayCluster``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rayonspark._arguments import OrcaArguments
from rayonspark.cluster import RayCluster, start_cluster
from rayonspark.cluster_mode import is_local
from rayonspark.errors import ClusterStoppedException

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame
    from ray.data import Dataset

__all__ = ["OrcaRayContext"]


class OrcaRayContext:
    """Ray on the executors of the current Orca context.

    Made by :func:`init_orca_context`; ``OrcaContext.get_ray_context()`` gives it. It can be
    started again after :meth:`stop`.
    """

    def __init__(self, sc: SparkContext, arguments: OrcaArguments) -> None:
        self._sc = sc
        self._arguments = arguments
        self._cluster: RayCluster | None = None

    def init(self, driver_cores: int | None = None, *, barrier: bool = True) -> dict[str, Any]:
        """Start Ray, and connect this process to it; do nothing when it runs already.

        Parameters
        ----------
        driver_cores : int, optional
            CPUs that the head beside the driver offers to Ray. Default: 0; in local mode those of
            the master.
        barrier : bool, optional
            Whether Spark places the nodes in a barrier stage. Default: True.

        Returns
        -------
        dict
            The same as :attr:`address_info`.

        Raises
        ------
        RayOnSparkException
            As :meth:`RayCluster.start`.
        """
        if not self.initialized:
            from pyspark.sql import SparkSession

            local = is_local(str(self._sc.master))
            fields = self._arguments.ray_fields(barrier=barrier, local=local)
            if driver_cores is not None:
                fields["head_cpus"] = driver_cores
            # The cluster before, if any, is stopped or has failed; what is left of it goes first.
            self.stop()
            session = SparkSession.builder.getOrCreate()
            self._cluster = start_cluster(session, fields=fields, quiet=not self._arguments.verbose)
        return self.address_info

    def stop(self) -> None:
        """Stop Ray; Spark goes on. Idempotent."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None

    @property
    def cluster(self) -> RayCluster:
        """The handle behind these names.

        Raises
        ------
        ClusterStoppedException
            Ray does not run.
        """
        if self._cluster is None:
            raise ClusterStoppedException(
                "Ray does not run in this Orca context. Call init(), or "
                "OrcaContext.get_ray_context()."
            )
        return self._cluster

    def to_ray(self, df: DataFrame, **options: Any) -> Dataset:
        """Give a Spark DataFrame as a Ray Dataset; see :meth:`RayCluster.to_ray`."""
        return self.cluster.to_ray(df, **options)

    def to_spark(self, ds: Dataset) -> DataFrame:
        """Give a Ray Dataset as a Spark DataFrame; see :meth:`RayCluster.to_spark`."""
        return self.cluster.to_spark(ds)

    @property
    def initialized(self) -> bool:
        """Whether Ray runs."""
        return self._cluster is not None and self._cluster.state == "running"

    @property
    def address_info(self) -> dict[str, Any]:
        """Ray's addresses, as ``ray.init`` names them; see :attr:`RayCluster.address_info`."""
        return self.cluster.address_info

    @property
    def redis_address(self) -> str:
        """The GCS address, "host:port"; Ray had Redis there once."""
        return self.cluster.address

    @property
    def num_ray_nodes(self) -> int:
        """Nodes that run Ray's work: the workers, or the head where it is the only node."""
        nodes = self.cluster.nodes
        return sum(node.role == "worker" for node in nodes) or len(nodes)

    @property
    def ray_node_cpu_cores(self) -> int:
        """CPUs of each node that runs Ray's work."""
        nodes = self.cluster.nodes
        workers = [node for node in nodes if node.role == "worker"] or nodes
        return int(workers[0].cpus)

    def differing(self, arguments: OrcaArguments, names: Iterable[str]) -> list[str]:
        """Say which of these arguments ask for another Ray than the one of this context."""
        return [
            f"{name}={getattr(arguments, name)!r}, and Ray has {getattr(self._arguments, name)!r}"
            for name in names
            if arguments.asks_for(name)
            and getattr(arguments, name) != getattr(self._arguments, name)
        ]

    def asks_again(self, arguments: OrcaArguments) -> OrcaArguments:
        """Give the arguments of the running Ray, with those that a later call asks for."""
        changes = {
            field.name: getattr(arguments, field.name)
            for field in dataclasses.fields(arguments)
            if arguments.asks_for(field.name)
        }
        return dataclasses.replace(self._arguments, **changes)
