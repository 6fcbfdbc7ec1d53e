"""Stands in for the JVM: starts the real guard over pipes, and collects its events."""

import json
import os
import pathlib
import queue
import secrets
import subprocess
import sys
import threading
import time

RESOURCES = pathlib.Path(__file__).parents[2] / "jvm/src/main/resources/org/rayonspark"


class Guarded:
    """One guard and its node directory."""

    def __init__(
        self, base, *, child=None, python=sys.executable, env=None, prefix=(), new_session=False
    ):
        self.directory = pathlib.Path(base) / f"ros-{secrets.token_hex(3)}"
        self.directory.mkdir(mode=0o700)
        for script in RESOURCES.glob("*.py"):
            (self.directory / script.name).write_bytes(script.read_bytes())
        if child is not None:
            (self.directory / "ray_node.py").write_text(child)
        self.events, self._queue = [], queue.Queue()
        self.started_at = time.monotonic()
        with (self.directory / "guard.err").open("ab") as errors:
            self.process = subprocess.Popen(
                [*prefix, python, "-I", "-S", self.directory / "guard.py", self.directory],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=new_session,
                env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **(env or {})},
            )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            assert len(line) <= 4096
            self._queue.put((time.monotonic() - self.started_at, json.loads(line)))
        self._queue.put((time.monotonic() - self.started_at, None))

    def say(self, command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def launch(
        self,
        arguments=(),
        *,
        environment=None,
        watch_gcs=None,
        log_directory="",
        log_prefix="",
        remove=(),
    ):
        self.say(
            {
                "launch": {
                    "arguments": list(arguments),
                    "environment": environment or {},
                    "nodes": 2,
                    "client_server": False,
                    "watch_gcs": watch_gcs,
                    "log_directory": str(log_directory),
                    "log_prefix": log_prefix,
                    "remove": [str(path) for path in remove],
                }
            }
        )

    def drain(self, timeout_s):
        self.say({"drain": {"timeout_s": timeout_s}})

    def stop(self, grace_s=1.0):
        self.say({"stop": {"grace_s": grace_s}})

    def wait_for(self, event, limit_s=20.0, **fields):
        """Returns the next such event, with its time as "at", in seconds since the start."""
        deadline = time.monotonic() + limit_s
        while True:
            at, said = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            if said is None:
                raise EOFError(f"guard ended without {event!r}; it said {self.events}")
            self.events.append(said)
            if said["event"] == event and all(said[key] == fields[key] for key in fields):
                return {**said, "at": at}

    def wait_for_end(self, limit_s=20.0):
        """Waits until no process holds the guard's stdout any more; returns all events."""
        deadline = time.monotonic() + limit_s
        while True:
            _, said = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            if said is None:
                self.process.wait(max(0.01, deadline - time.monotonic()))
                return self.events
            self.events.append(said)
