"""Parent process of one Ray node, which outlives neither this process nor the JVM.

    JVM ── stdin: launch, drain, stop ──► guard ── launch, drain ──► ray_node.py
     │     end of file = the JVM is gone    │                             │
     ◄── stdout: hello, node ───────────────┼─────────────────────────────┘
     ◄── stdout: exit, the last line, when no process and no directory is left

Run as `python -I -S guard.py DIRECTORY`. Needs only Python 3.8 and its standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

# An isolated interpreter does not search the script's directory.
sys.path.insert(0, str(Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import node_directory  # noqa: E402
import node_logs  # noqa: E402
import process_tree  # noqa: E402

# How long Ray may take to end cleanly when the JVM is gone; the whole end then fits into 5 s.
LEASE_LOST_GRACE_S = 2.0
# How long Ray may take to end after a drain, when everything that ran on the node has ended.
DRAINED_GRACE_S = 2.0
# A killed process is gone in milliseconds, unless it is in the kernel, where no signal reaches it.
KILL_LIMIT_S = 5.0
# No event reports that a process has lost its parent and become a child of the guard.
KILL_PERIOD_S = 0.02
# Sweeping competes with Ray's start for the disk, and nothing waits for it.
SWEEP_DELAY_S = 5.0
# Below PIPE_BUF, so that a line is written atomically.
LINE_LIMIT_BYTES = 4000


class Guard:
    """Guards one child process, from its start until no process below it is left."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.launched: dict[str, Any] = {}
        self.asked = False
        self.code: int | None = None
        self._partial_line = b""
        self._inputs = [0]
        self._kill_at: float | None = None
        self._sweep_at: float | None = None
        self._terminated = False
        self._wakeup, wake = os.pipe()
        for fd in (self._wakeup, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        # Handlers, not SIG_IGN: child processes inherit ignored signals.
        for signum in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self._child = self._spawn()

    def serve(self) -> None:
        while self.code is None and not self._grace_is_over():
            ready, _, _ = select.select([self._wakeup, *self._inputs], [], [], self._wait_s())
            if self._wakeup in ready:
                self._reap()
            if 0 in ready:
                self._read_commands()
            if self._terminated:
                self._stop(LEASE_LOST_GRACE_S)
            if self._sweep_at is not None and time.monotonic() >= self._sweep_at:
                self._sweep_at = None
                threading.Thread(
                    target=node_directory.sweep, args=(self.directory,), daemon=True
                ).start()

    def _on_sigterm(self, *_: object) -> None:
        self._terminated = True

    def _spawn(self) -> subprocess.Popen[bytes]:
        follow = process_tree.prepare_to_follow()

        events = os.dup(1)
        with (self.directory / "ray.out").open("ab") as out:
            child = subprocess.Popen(
                [sys.executable, str(self.directory / "ray_node.py"), str(events)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                pass_fds=(events,),
                preexec_fn=follow,
            )
        os.close(events)
        return child

    def _grace_is_over(self) -> bool:
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    def _wait_s(self) -> float | None:
        moments = [at for at in (self._kill_at, self._sweep_at) if at is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _reap(self) -> None:
        """Reaps every dead child: the node's process, and orphans that the guard has adopted."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child.pid:
                killed = os.WIFSIGNALED(status)
                self.code = 128 + os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)

    def _read_commands(self) -> None:
        data = os.read(0, 65536)
        if not data:
            self._inputs.clear()
            self.asked = True
            self._stop(LEASE_LOST_GRACE_S)
            if self.launched.get("log_prefix"):
                # The container's logs may be collected before Ray has ended, so copy them now.
                self.keep_logs()
            return
        *lines, self._partial_line = (self._partial_line + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "launch" in command and not self.launched:
                self._launch(command["launch"], line)
            elif "drain" in command:
                self.asked = True
                self._drain(float(command["drain"]["timeout_s"]), line)
            elif "stop" in command:
                self.asked = True
                self._stop(float(command["stop"]["grace_s"]))

    def _launch(self, launch: dict[str, Any], line: bytes) -> None:
        self.launched = launch
        self._sweep_at = time.monotonic() + SWEEP_DELAY_S
        node_directory.note_companions(self.directory, launch["remove"])
        # In a thread: the child may be busy importing, and a long line does not fit into the pipe.
        threading.Thread(target=self._forward, args=(line,), daemon=True).start()

    def _forward(self, line: bytes) -> None:
        stdin = self._child.stdin
        # A broken pipe means that the child is dead; its exit is reported elsewhere.
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                stdin.write(line + b"\n")
                stdin.flush()

    def _drain(self, timeout_s: float, line: bytes) -> None:
        """Lets Ray drain its node; the guard only enforces the time limit."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + timeout_s + DRAINED_GRACE_S
            self._forward(line)

    def _stop(self, grace_s: float) -> None:
        kill_at = time.monotonic() + grace_s
        if self._kill_at is None:
            self._kill_at = kill_at
            process_tree.kill(self._child.pid, signal.SIGTERM)
            for pid in process_tree.descendants(self._child.pid):
                if process_tree.is_autoscaler_monitor(pid):
                    process_tree.kill(pid, signal.SIGKILL)
        self._kill_at = min(self._kill_at, kill_at)

    def keep_logs(self) -> str | None:
        """Copies Ray's logs to the log directory; returns what went wrong, or None."""
        if not self.launched.get("log_directory"):
            return None
        target = Path(self.launched["log_directory"])
        return node_logs.keep_logs(self.directory, target, self.launched["log_prefix"])

    def end_tree(self) -> list[int]:
        """Kills all descendants; returns the pids of those that survive."""
        give_up_at = time.monotonic() + KILL_LIMIT_S
        while True:
            self._reap()
            pids = process_tree.descendants(os.getpid())
            if not pids or time.monotonic() >= give_up_at:
                return pids
            for pid in pids:
                process_tree.kill(pid, signal.SIGKILL)
            select.select([self._wakeup], [], [], KILL_PERIOD_S)


def write_exit(code: int, asked: bool, tail: list[str]) -> None:
    while True:
        event = {"event": "exit", "code": code, "asked": asked, "tail": tail}
        line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
        if len(line) <= LINE_LIMIT_BYTES:
            break
        # Drop the oldest lines first; of a single long line, keep the end.
        tail = tail[1:] if len(tail) > 1 else [tail[0][len(tail[0]) // 2 :]]
    # A broken pipe means that the JVM is gone.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, line)


def clean_up(guard: Guard, survivors: list[int]) -> list[str]:
    """Copies the logs, removes the directories, and returns the last lines of output."""
    directory, launch = guard.directory, guard.launched
    tail = node_logs.read_tail(directory / "ray.out")
    tail += node_logs.read_tail(directory / "guard.err")
    if not guard.asked:
        tail += node_logs.read_causes(directory)
    if survivors:
        tail.append(f"Processes {survivors} ignored SIGKILL.")
    problems = [node_directory.remove(Path(path)) for path in launch.get("remove", [])]
    problems.append(guard.keep_logs())
    problems.append(node_directory.remove(directory))
    return tail + [problem for problem in problems if problem]


def main() -> None:
    directory = Path(sys.argv[1])
    # Leave the terminal's foreground process group, which receives Ctrl-C. A session leader cannot.
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    process_tree.adopt_orphans()
    node_directory.hold_lock(directory)
    guard = Guard(directory)
    try:
        guard.serve()
    except Exception:
        # Clean up whatever happened; the traceback ends up in the tail of the exit event.
        traceback.print_exc()
    survivors = guard.end_tree()
    tail = clean_up(guard, survivors)
    write_exit(128 + signal.SIGKILL if guard.code is None else guard.code, guard.asked, tail)


if __name__ == "__main__":
    main()
