"""A real Hadoop on this machine: a ResourceManager, two NodeManagers and HDFS, each a process.

python -m yarn.hadoop COMMAND...    runs a command with HADOOP_CONF_DIR set to it
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from cluster.leftovers import eventually

CHECKOUT = Path(__file__).parents[2]
CLASS_PATH = CHECKOUT / "target/hadoop/class-path"

MASTER = "127.0.0.1"
HOSTS = ("127.0.0.11", "127.0.0.12")
"""The NodeManagers' addresses: all of 127.0.0.0/8 is this machine, and each has its own."""

_MONITOR = "yarn.nodemanager.container-monitor."
NO_SHARED_PAGES = {
    f"{_MONITOR}procfs-tree.smaps-based-rss.enabled": "true",
    # Without this, YARN does not read the setting above.
    f"{_MONITOR}process-tree.class": "org.apache.hadoop.yarn.util.ProcfsBasedProcessTree",
}
"""Settings of the second host; the first counts shared pages by default, for each process."""

QUEUE = "science"
"""A queue next to the default one."""

START_LIMIT_S = 120.0
LOGS_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
NODE_MEMORY_MIB = 8192

_DAEMONS = {
    "name-node": ("org.apache.hadoop.hdfs.server.namenode.NameNode", "384m"),
    "data-node": ("org.apache.hadoop.hdfs.server.datanode.DataNode", "256m"),
    "resource-manager": (
        "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager",
        "512m",
    ),
    "node-manager": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", "384m"),
}


@dataclass
class Hadoop:
    """The daemons, their files, and what their REST interface reports.

    Attributes
    ----------
    directory
        All files of this Hadoop are below it.
    conf
        The HADOOP_CONF_DIR of a client.
    """

    directory: Path
    ports: Mapping[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        return self.directory / "conf-client"

    @property
    def file_system(self) -> str:
        return f"hdfs://{MASTER}:{self.ports['hdfs']}"

    def applications(self) -> list[dict[str, Any]]:
        """What the ResourceManager knows about all applications."""
        found = self._get("/ws/v1/cluster/apps")["apps"]
        return list((found or {}).get("app", []))

    def application(self, application_id: str) -> dict[str, Any]:
        return dict(self._get(f"/ws/v1/cluster/apps/{application_id}")["app"])

    def kill(self, application_id: str) -> None:
        """Kill an application through the REST interface."""
        request = urllib.request.Request(
            f"{self._url}/ws/v1/cluster/apps/{application_id}/state?user.name={getpass.getuser()}",
            data=b'{"state": "KILLED"}',
            method="PUT",
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30):
            pass

    def command(self, main_class: str, *arguments: str) -> str:
        """Run one of Hadoop's command-line programs as a client, and return what it printed."""
        done = subprocess.run(
            [*_java("256m", self.conf), main_class, *arguments],
            env=os.environ | {"HADOOP_CONF_DIR": str(self.conf)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def fs(self, *arguments: str) -> str:
        """Run Hadoop's file system shell as a client, which owns HDFS."""
        return self.command("org.apache.hadoop.fs.FsShell", *arguments)

    def logs(self) -> Path:
        """Where the containers write their logs, until YARN has collected them."""
        return self.directory / "logs"

    def application_logs(self, application_id: str, *more: str) -> str:
        """Return what `yarn logs` shows for an application, once all its logs are collected."""
        ends = ("SUCCEEDED", "FAILED", "TIME_OUT")

        def collected() -> bool:
            return self.application(application_id)["logAggregationStatus"] in ends

        assert eventually(collected, LOGS_LIMIT_S), self.application(application_id)
        return self.collected_logs(application_id, *more)

    def collected_logs(self, application_id: str, *more: str) -> str:
        """Return what `yarn logs` shows now; a lost host never reports its logs as collected."""
        try:
            return self.yarn("logs", "-applicationId", application_id, *more)
        except subprocess.CalledProcessError as error:
            return str(error.stdout)

    def yarn(self, *words: str) -> str:
        """Run the `yarn` command as a client."""
        kind = "LogsCLI" if words[0] == "logs" else "ApplicationCLI"
        arguments = words[1:] if words[0] == "logs" else words
        return self.command(f"org.apache.hadoop.yarn.client.cli.{kind}", *arguments)

    def daemon_log(self, name: str) -> str:
        """What a daemon has logged so far."""
        return (self.directory / f"{name}.log").read_text()

    def active_nodes(self) -> int:
        try:
            metrics = self._get("/ws/v1/cluster/metrics")
        except OSError:
            return -1
        return int(metrics["clusterMetrics"]["activeNodes"])

    @property
    def _url(self) -> str:
        return f"http://{MASTER}:{self.ports['web']}"

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._url + path, timeout=30) as answer:
            return json.load(answer)

    def start(self, name: str, host: str = MASTER) -> None:
        """Start one daemon; `name` may end in a host's number, as in node-manager-1."""
        main_class, heap = _DAEMONS[name.rstrip("-12")]
        conf = self.directory / f"conf-{name}"
        log = (self.directory / f"{name}.log").open("ab")
        with log:
            self.processes[name] = subprocess.Popen(
                [*_java(heap, conf), main_class],
                env=os.environ | {"HADOOP_CONF_DIR": str(conf), "YARN_CONF_DIR": str(conf)},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A signal to the tests must reach neither the daemon nor its containers.
                start_new_session=True,
            )

    def stop(self) -> None:
        """Stop all daemons: the NodeManagers first, because they stop their containers."""
        managers = [name for name in self.processes if name.startswith("node-manager")]
        for names in (managers, set(self.processes) - set(managers)):
            ending = [self.processes[name] for name in names]
            for process in ending:
                process.terminate()
            for process in ending:
                try:
                    process.wait(STOP_LIMIT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@contextmanager
def running(directory: Path, **settings: str) -> Iterator[Hadoop]:
    """Run a Hadoop, with these additional settings of YARN."""
    hadoop = Hadoop(directory, _free_ports())
    with ExitStack() as stack:
        stack.callback(hadoop.stop)
        _configure(hadoop, settings)
        hadoop.command(_DAEMONS["name-node"][0], "-format", "-nonInteractive")
        hadoop.start("name-node")
        hadoop.start("data-node")
        hadoop.start("resource-manager")
        for number in (1, 2):
            hadoop.start(f"node-manager-{number}")
        assert eventually(lambda: hadoop.active_nodes() == len(HOSTS), START_LIMIT_S), _logs(hadoop)
        assert eventually(lambda: _has_data_node(hadoop), START_LIMIT_S), _logs(hadoop)
        yield hadoop


def _has_data_node(hadoop: Hadoop) -> bool:
    url = f"http://{MASTER}:{hadoop.ports['hdfs-web']}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            (bean,) = json.load(answer)["beans"]
    except (OSError, ValueError):
        return False
    return bool(bean["NumLiveDataNodes"] == 1 and bean["FSState"] == "Operational")


def _logs(hadoop: Hadoop) -> str:
    logs = sorted(hadoop.directory.glob("*.log"))
    return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in logs)


def _configure(hadoop: Hadoop, settings: Mapping[str, str]) -> None:
    ports, directory = hadoop.ports, hadoop.directory
    core = {"fs.defaultFS": hadoop.file_system, "hadoop.tmp.dir": str(directory / "tmp")}
    hdfs = {
        "dfs.replication": "1",
        "dfs.namenode.name.dir": f"file://{directory}/names",
        "dfs.datanode.data.dir": f"file://{directory}/data",
        "dfs.namenode.http-address": f"{MASTER}:{ports['hdfs-web']}",
        "dfs.datanode.address": f"{MASTER}:0",
        "dfs.datanode.http.address": f"{MASTER}:0",
        "dfs.datanode.ipc.address": f"{MASTER}:0",
        "dfs.namenode.safemode.extension": "0",
        "dfs.namenode.safemode.min.datanodes": "1",
    }
    yarn = {
        "yarn.resourcemanager.hostname": MASTER,
        "yarn.resourcemanager.address": f"{MASTER}:{ports['clients']}",
        "yarn.resourcemanager.scheduler.address": f"{MASTER}:{ports['scheduler']}",
        "yarn.resourcemanager.resource-tracker.address": f"{MASTER}:{ports['tracker']}",
        "yarn.resourcemanager.admin.address": f"{MASTER}:{ports['admin']}",
        "yarn.resourcemanager.webapp.address": f"{MASTER}:{ports['web']}",
        "yarn.scheduler.minimum-allocation-mb": "128",
        "yarn.scheduler.maximum-allocation-mb": str(NODE_MEMORY_MIB),
        # Waits are as short as possible.
        "yarn.resourcemanager.nodemanagers.heartbeat-interval-ms": "200",
        "yarn.nm.liveness-monitor.expiry-interval-ms": "10000",
        # On a busy machine, an application master takes longer than that to start.
        "yarn.am.liveness-monitor.expiry-interval-ms": "60000",
        "yarn.log-aggregation-enable": "true",
        "yarn.resourcemanager.am.max-attempts": "1",
        **settings,
    }
    capacity = {
        "yarn.scheduler.capacity.root.queues": f"default,{QUEUE}",
        # One container per heartbeat, so that an application's executors spread over the hosts.
        "yarn.scheduler.capacity.per-node-heartbeat.multiple-assignments-enabled": "false",
        "yarn.scheduler.capacity.maximum-am-resource-percent": "1.0",
        **_queue("default", 50),
        **_queue(QUEUE, 50),
    }
    nodes = {
        f"node-manager-{n}": _node_manager(directory, n, host) for n, host in enumerate(HOSTS, 1)
    }
    for name in ("name-node", "data-node", "resource-manager", *nodes, "client"):
        conf = directory / f"conf-{name}"
        # Hadoop's tarball has these directories, the jars do not; empty ones are enough.
        for web in ("hdfs", "datanode"):
            (conf / "webapps" / web).mkdir(parents=True)
        _write(conf / "core-site.xml", core)
        _write(conf / "hdfs-site.xml", hdfs)
        _write(conf / "yarn-site.xml", yarn | nodes.get(name, {}))
        _write(conf / "capacity-scheduler.xml", capacity)
        (conf / "log4j.properties").write_text(_LOG4J)


def _queue(name: str, percent: int) -> dict[str, str]:
    """Return the settings of a queue that may take everything that the others leave."""
    queue = f"yarn.scheduler.capacity.root.{name}"
    return {
        f"{queue}.capacity": str(percent),
        f"{queue}.maximum-capacity": "100",
        f"{queue}.user-limit-factor": "100",
    }


def _node_manager(directory: Path, number: int, host: str) -> dict[str, str]:
    return {
        "yarn.nodemanager.hostname": host,
        "yarn.nodemanager.address": f"{host}:0",
        "yarn.nodemanager.localizer.address": f"{host}:0",
        "yarn.nodemanager.webapp.address": f"{host}:0",
        "yarn.nodemanager.local-dirs": str(directory / f"local-{number}"),
        "yarn.nodemanager.log-dirs": str(directory / "logs" / str(number)),
        "yarn.nodemanager.resource.memory-mb": str(NODE_MEMORY_MIB),
        "yarn.nodemanager.resource.cpu-vcores": "4",
        # Spark's own application master needs more address space than memory.
        "yarn.nodemanager.vmem-check-enabled": "false",
        # Without this, YARN does not poll the memory on hosts without control groups.
        "yarn.nodemanager.resource.memory.enforced": "false",
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "99",
        "yarn.nodemanager.env-whitelist": "JAVA_HOME,PATH,LANG,TZ",
        # Each measurement of the second host takes a tenth of a second of CPU.
        "yarn.nodemanager.resource-monitor.interval-ms": "1000",
        # The time between SIGTERM and SIGKILL. The default is 250, in which a container on a busy
        # machine with two cores cannot always report what it held.
        "yarn.nodemanager.sleep-delay-before-sigkill.ms": "2000",
        **(NO_SHARED_PAGES if host == HOSTS[1] else {}),
    }


_LOG4J = """
log4j.rootLogger=INFO,console
# The memory that it counts for each container.
log4j.logger.org.apache.hadoop.yarn.server.nodemanager.containermanager.monitor.\
ContainersMonitorImpl.audit=DEBUG
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


def _write(path: Path, properties: Mapping[str, str]) -> None:
    rows = "".join(
        f"  <property><name>{escape(name)}</name><value>{escape(value)}</value></property>\n"
        for name, value in properties.items()
    )
    path.write_text(f'<?xml version="1.0"?>\n<configuration>\n{rows}</configuration>\n')


def _free_ports() -> dict[str, int]:
    names = ("hdfs", "hdfs-web", "clients", "scheduler", "tracker", "admin", "web")
    with ExitStack() as held:
        sockets = {name: held.enter_context(socket.socket()) for name in names}
        for one in sockets.values():
            one.bind((MASTER, 0))
        return {name: int(one.getsockname()[1]) for name, one in sockets.items()}


def _java(heap: str, conf: Path) -> list[str]:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else str(shutil.which("java"))
    address = "-Djava.net.preferIPv4Stack=true"
    return [java, f"-Xmx{heap}", address, "-cp", f"{conf}:{CLASS_PATH.read_text()}"]


def main() -> int:
    """Run a command next to a Hadoop of its own, and return its exit status."""
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as started:
        environment = os.environ | {"HADOOP_CONF_DIR": str(started.conf)}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
