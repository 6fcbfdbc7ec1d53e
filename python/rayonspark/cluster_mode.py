"""Where Spark runs, as users name it."""

from __future__ import annotations

import enum

from rayonspark._names import closest
from rayonspark.errors import InvalidSpecException

__all__ = ["ClusterMode", "is_kubernetes", "is_local"]


class ClusterMode(enum.Enum):
    """Where Spark runs; the value is the name that users write."""

    LOCAL = "local"
    STANDALONE = "standalone"
    SUBMIT = "spark-submit"
    YARN = "yarn"
    YARN_CLUSTER = "yarn-cluster"
    KUBERNETES = "k8s"
    KUBERNETES_CLUSTER = "k8s-cluster"

    @property
    def is_yarn(self) -> bool:
        """Whether Spark's executors are containers of YARN's."""
        return self in (ClusterMode.YARN, ClusterMode.YARN_CLUSTER)

    @property
    def is_kubernetes(self) -> bool:
        """Whether Spark's executors are pods of Kubernetes'."""
        return self in (ClusterMode.KUBERNETES, ClusterMode.KUBERNETES_CLUSTER)

    @property
    def submits(self) -> bool:
        """Whether the driver is not this process, which only submits its script."""
        return self in (ClusterMode.YARN_CLUSTER, ClusterMode.KUBERNETES_CLUSTER)

    @classmethod
    def of(cls, name: str | None, *, submitted: bool) -> ClusterMode:
        """Read a mode; None means what spark-submit configured, else local.

        Raises
        ------
        InvalidSpecException
            The mode is unknown.
        """
        if name is None:
            return cls.SUBMIT if submitted else cls.LOCAL
        # The mode without "-client" is the same one.
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
        """Give the mode whose arguments a running SparkContext of this master has.

        Parameters
        ----------
        in_cluster : bool, optional
            Whether the driver runs in a container of the cluster manager's. Default False.
        """
        if is_local(master):
            return cls.LOCAL
        if master == "yarn":
            return cls.YARN_CLUSTER if in_cluster else cls.YARN
        if is_kubernetes(master):
            return cls.KUBERNETES_CLUSTER if in_cluster else cls.KUBERNETES
        # Spark's local-cluster is a standalone cluster of its own.
        executors = master.startswith(("spark://", "local-cluster["))
        return cls.STANDALONE if executors else cls.SUBMIT


def is_local(master: str) -> bool:
    """Say whether a master's tasks run in the driver's own JVM."""
    return master == "local" or master.startswith("local[")


def is_kubernetes(master: str) -> bool:
    """Say whether a master is the API server of a Kubernetes cluster."""
    return master.startswith("k8s://")
