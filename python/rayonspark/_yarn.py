"""Settings for YARN before Spark starts: Hadoop's configuration, memory, the environment."""

from __future__ import annotations

import dataclasses
import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from rayonspark import _overhead, _packing, session
from rayonspark._arguments import OrcaArguments
from rayonspark._overhead import Overhead
from rayonspark._progress import say
from rayonspark.cluster_mode import ClusterMode
from rayonspark.errors import InvalidSpecException
from rayonspark.session import ENVIRONMENT_LINK, Setting

_SITE = "yarn-site.xml"
_VARIABLES = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
_SMAPS = "yarn.nodemanager.container-monitor.procfs-tree.smaps-based-rss.enabled"
# Hadoop 3.5 reads _SMAPS only where this property is set.
_TREE = "yarn.nodemanager.container-monitor.process-tree.class"


def prepare(arguments: OrcaArguments, mode: ClusterMode) -> tuple[list[Setting], dict[str, str]]:
    """Return Spark's settings, and the environment variables for the launch of its JVM.

    Raises
    ------
    InvalidSpecException
        Hadoop's configuration is missing, there is no Python environment for the hosts, or an
        argument does not fit the mode.
    """
    conf_dir = configuration(arguments.hadoop_conf, os.environ)
    known = (arguments.conf or {}).get("spark.pyspark.python")
    interpreter = arguments.python_location or known or os.environ.get("PYSPARK_PYTHON")
    if arguments.penv_archive is None and interpreter is None:
        arguments = dataclasses.replace(arguments, penv_archive=str(_packing.packed()))
    if arguments.penv_archive is not None:
        _packing.check(arguments.penv_archive)
        interpreter = f"./{ENVIRONMENT_LINK}/bin/python"
    rows = session.settings(arguments, mode)
    rows.append(Setting("spark.pyspark.python", str(interpreter), None))
    shared_once = counts_shared_once(conf_dir)
    sized, notice = memory(arguments, mode, session.as_conf(rows), shared_once=shared_once)
    if notice:
        say(notice)
    variables = {"HADOOP_CONF_DIR": str(conf_dir), "PYSPARK_PYTHON": str(interpreter)}
    if arguments.hadoop_user_name is not None:
        variables["HADOOP_USER_NAME"] = arguments.hadoop_user_name
    return [*rows, *sized], variables


def settings_after_submit(arguments: OrcaArguments, conf: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of Spark's executors that spark-submit has left open.

    Parameters
    ----------
    conf : mapping
        Spark's configuration, from spark-submit and the arguments.
    """
    directory = next((os.environ[name] for name in _VARIABLES if name in os.environ), None)
    # A driver in a container may have no configuration. The larger size fits both ways of counting.
    found = directory is not None and Path(directory, _SITE).is_file()
    shared_once = found and counts_shared_once(Path(str(directory)))
    rows, notice = memory(arguments, ClusterMode.YARN, conf, shared_once=shared_once)
    if notice:
        say(notice)
    return session.as_conf(rows)


def configuration(argument: str | None, environment: Mapping[str, str]) -> Path:
    """Find Hadoop's configuration: `hadoop_conf`, else HADOOP_CONF_DIR, else YARN_CONF_DIR.

    Raises
    ------
    InvalidSpecException
        No directory is set, or it has no yarn-site.xml.
    """
    named = {"hadoop_conf": argument}
    named |= {name: environment.get(name) for name in _VARIABLES}
    name, directory = next(((n, d) for n, d in named.items() if d), (None, None))
    if directory is None:
        raise InvalidSpecException(
            "YARN's client needs the configuration of the Hadoop cluster, and neither hadoop_conf "
            "nor HADOOP_CONF_DIR is set. Set one to the directory with yarn-site.xml, often "
            "/etc/hadoop/conf."
        )
    path = Path(directory).expanduser()
    if not (path / _SITE).is_file():
        raise InvalidSpecException(
            f"{name}={directory!r} has no file yarn-site.xml. Set it to the directory with the "
            "configuration of the Hadoop cluster, often /etc/hadoop/conf."
        )
    return path.absolute()


def counts_shared_once(conf: Path) -> bool:
    """Return whether YARN counts a page that several processes map at most once.

    By default, YARN counts it once for each process.

    Raises
    ------
    InvalidSpecException
        yarn-site.xml is not valid XML.
    """
    try:
        properties = ET.parse(conf / _SITE).getroot().iter("property")
        values = {
            p.findtext("name", "").strip(): p.findtext("value", "").strip() for p in properties
        }
    except ET.ParseError as error:
        raise InvalidSpecException(
            f"{str(conf / _SITE)!r} is not readable: {error}. Fix the file."
        ) from error
    return _TREE in values and values.get(_SMAPS, "false").lower() == "true"


def memory(
    arguments: OrcaArguments, mode: ClusterMode, conf: Mapping[str, str], *, shared_once: bool
) -> tuple[list[Setting], str]:
    """Return settings that size the containers for Ray, unless the user sized them, and a notice.

    Parameters
    ----------
    conf : mapping
        Spark's configuration as far as it is known.
    shared_once : bool
        Result of `counts_shared_once`.

    Returns
    -------
    tuple of list of Setting and str
        The notice tells the user how the executors are sized. It is empty when the user sized them.
    """
    heap, cores = _overhead.heap_mib(conf, "executor"), _overhead.cores(conf)
    asked = _overhead.asked_store(arguments, conf)
    store = _overhead.default_store(heap) if asked is None else asked
    rows, notice = [], ""
    if "spark.executor.memoryOverhead" not in conf:
        sized = _overhead.overhead(heap, cores, store)
        rows.append(_row("executor", sized, shared_once=shared_once))
        notice = (
            f"each executor asks YARN for {sized.by(shared_once=shared_once)} MiB on top of its "
            f"heap of {heap} MiB, so that Ray has an object store of {store} MiB and {cores} "
            "workers. This cluster counts a page that several processes map "
            f"{'at most once' if shared_once else 'once for each of them'}; otherwise it would be "
            f"{sized.by(shared_once=not shared_once)} MiB (yarn-site.xml: {_SMAPS}, {_TREE}). "
            "To change this, set extra_executor_memory_for_ray."
        )
    if mode is ClusterMode.YARN_CLUSTER and "spark.driver.memoryOverhead" not in conf:
        sized = _overhead.overhead(_overhead.heap_mib(conf, "driver"), 1, store, head=True)
        rows.append(_row("driver", sized, shared_once=shared_once))
    if rows and asked is None:
        rows.append(Setting(_overhead.STORE_KEY, f"{store}m", None))
    return rows, notice


def _row(role: str, sized: Overhead, *, shared_once: bool) -> Setting:
    size = sized.by(shared_once=shared_once)
    return Setting(f"spark.{role}.memoryOverhead", f"{size}m", None)
