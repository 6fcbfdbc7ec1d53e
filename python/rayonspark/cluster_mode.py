"""The cluster modes: where Spark runs, under the names that users write."""

from __future__ import annotations

import enum

from rayonspark._names import closest
from rayonspark.errors import InvalidSpecException

__all__ = ["ClusterMode", "is_kubernetes", "is_local"]


class ClusterMode(enum.Enum):
    """Where Spark runs. The value is the name that users write."""

    LOCAL = "local"
    STANDALONE = "standalone"
    SUBMIT = "spark-submit"
    YARN = "yarn"
    YARN_CLUSTER = "yarn-cluster"
    KUBERNETES = "k8s"
    KUBERNETES_CLUSTER = "k8s-cluster"

    @property
    def is_yarn(self) -> bool:
        """Whether Spark's executors are YARN containers."""
        return self in (ClusterMode.YARN, ClusterMode.YARN_CLUSTER)

    @property
    def is_kubernetes(self) -> bool:
        """Whether Spark's executors are Kubernetes pods."""
        return self in (ClusterMode.KUBERNETES, ClusterMode.KUBERNETES_CLUSTER)

    @property
    def submits(self) -> bool:
        """Whether this process only submits its script, and the driver runs elsewhere."""
        return self in (ClusterMode.YARN_CLUSTER, ClusterMode.KUBERNETES_CLUSTER)

    @classmethod
    def of(cls, name: str | None, *, submitted: bool) -> ClusterMode:
        """Return the mode with this name.

        Parameters
        ----------
        name : str or None
            Case does not matter, "_" equals "-", and "yarn-client" and "k8s-client" are "yarn" and
            "k8s". None is SUBMIT if spark-submit runs this process, and LOCAL otherwise.
        submitted : bool
            Whether spark-submit runs this process.

        Raises
        ------
        InvalidSpecException
            The mode is unknown. The error names the closest one.
        """
        if name is None:
            return cls.SUBMIT if submitted else cls.LOCAL
        # "yarn-client" and "k8s-client" are other names of "yarn" and "k8s".
        wanted = name.lower().replace("_", "-")
        if wanted in ("yarn-client", "k8s-client"):
            return cls(wanted.removesuffix("-client"))
        names = [mode.value for mode in cls]
        if wanted in names:
            return cls(wanted)
        near = closest(wanted, names)
        advice = f"Did you mean {near!r}?" if near else f"Use one of {', '.join(names)}."
        raise InvalidSpecException(f"cluster_mode={name!r} is unknown. {advice}")

    @classmethod
    def of_master(cls, master: str, *, in_cluster: bool = False) -> ClusterMode:
        """Return the mode that fits a running SparkContext with this master.

        Parameters
        ----------
        master : str
            Value of ``spark.master``.
        in_cluster : bool, optional
            Whether the driver runs in a container of the cluster manager. Default: False.
        """
        if is_local(master):
            return cls.LOCAL
        if master == "yarn":
            return cls.YARN_CLUSTER if in_cluster else cls.YARN
        if is_kubernetes(master):
            return cls.KUBERNETES_CLUSTER if in_cluster else cls.KUBERNETES
        # Spark's local-cluster starts its own standalone cluster.
        standalone = master.startswith(("spark://", "local-cluster["))
        return cls.STANDALONE if standalone else cls.SUBMIT


def is_local(master: str) -> bool:
    """Return whether the tasks of this master run in the driver's own JVM."""
    return master == "local" or master.startswith("local[")


def is_kubernetes(master: str) -> bool:
    """Return whether this master is the API server of a Kubernetes cluster."""
    return master.startswith("k8s://")
