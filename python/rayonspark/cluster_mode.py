"""Where Spark runs, as users name it."""

from __future__ import annotations

import enum

from rayonspark._names import closest
from rayonspark.errors import InvalidSpecException

__all__ = ["ClusterMode", "is_local"]


class ClusterMode(enum.Enum):
    """Where Spark runs; the value is the name that users write."""

    LOCAL = "local"
    STANDALONE = "standalone"
    SUBMIT = "spark-submit"
    YARN = "yarn"
    YARN_CLUSTER = "yarn-cluster"

    @property
    def is_yarn(self) -> bool:
        """Whether Spark's executors are containers of YARN's."""
        return self in (ClusterMode.YARN, ClusterMode.YARN_CLUSTER)

    @classmethod
    def of(cls, name: str | None, *, submitted: bool) -> ClusterMode:
        """Read a mode; None means what spark-submit configured, else local.

        Raises
        ------
        InvalidSpecException
            The mode is unknown, or not supported yet.
        """
        if name is None:
            return cls.SUBMIT if submitted else cls.LOCAL
        wanted = name.lower().replace("_", "-")
        if wanted == "yarn-client":
            return cls.YARN
        names = [mode.value for mode in cls]
        if wanted in names:
            return cls(wanted)
        if wanted.startswith("k8s"):
            raise InvalidSpecException(
                f"cluster_mode={name!r} is not supported yet. Use one of {', '.join(names)}."
            )
        near = closest(wanted, names)
        advice = f"Did you mean {near!r}?" if near else f"Use one of {', '.join(names)}."
        raise InvalidSpecException(f"cluster_mode={name!r} is unknown. {advice}")

    @classmethod
    def of_master(cls, master: str, deploy_mode: str | None = None) -> ClusterMode:
        """Give the mode whose arguments a running SparkContext of this master has."""
        if is_local(master):
            return cls.LOCAL
        if master == "yarn":
            return cls.YARN_CLUSTER if deploy_mode == "cluster" else cls.YARN
        # Spark's local-cluster is a standalone cluster of its own.
        executors = master.startswith(("spark://", "local-cluster["))
        return cls.STANDALONE if executors else cls.SUBMIT


def is_local(master: str) -> bool:
    """Say whether a master's tasks run in the driver's own JVM."""
    return master == "local" or master.startswith("local[")
