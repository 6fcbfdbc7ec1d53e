"""Stands between the JVM and one Ray node, so that Ray cannot outlive either of them.

    JVM ── stdin: launch, drain, stop ──► guard ── launch, drain ──► ray_node.py
     │     end of file = the JVM is gone    │                             │
     ◄── stdout: hello, node ───────────────┼─────────────────────────────┘
     ◄── stdout: exit, the last line, when no process and no directory is left

Run as `python -I -S guard.py DIRECTORY`. Needs nothing but the standard library, and Python 3.8.
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

# An isolated interpreter does not look beside the script.
sys.path.insert(0, str(Path(__file__).absolute().parent))
sys.dont_write_bytecode = True
import node_directory  # noqa: E402
import process_tree  # noqa: E402

# What Ray gets to end politely when the JVM is gone; with the rest, all is over within 5 s.
LEASE_LOST_GRACE_S = 2.0
# What Ray gets to end itself after a drain, by whose end all that ran on the node has ended.
DRAINED_GRACE_S = 2.0
# A killed process is gone in milliseconds, or sits in the kernel where no signal reaches it.
KILL_LIMIT_S = 5.0
# A process that loses its parent becomes ours without an event.
KILL_PERIOD_S = 0.02
# Sweeping competes with Ray's start for the disk, and nobody waits for it.
SWEEP_DELAY_S = 5.0
# Below PIPE_BUF, so that a line is written whole.
LINE_LIMIT_BYTES = 4000


class Guard:
    """One child, from its start until nothing of it is left."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.launched: dict[str, Any] = {}
        self.asked = False
        self.code: int | None = None
        self._orders = b""
        self._inputs = [0]
        self._kill_at: float | None = None
        self._sweep_at: float | None = None
        self._terminated = False
        self._wakeup, wake = os.pipe()
        for fd in (self._wakeup, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        # Handlers, not SIG_IGN: what a process ignores, its children ignore too.
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
                self._read_orders()
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
        """Collects every dead child: ours, and those that a dead descendant left to us."""
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

    def _read_orders(self) -> None:
        data = os.read(0, 65536)
        if not data:
            self._inputs.clear()
            self.asked = True
            self._stop(LEASE_LOST_GRACE_S)
            if self.launched.get("log_prefix"):
                # Who ended the JVM may collect the logs before Ray has ended: these are the most.
                self.keep_logs()
            return
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "launch" in order and not self.launched:
                self._launch(order["launch"], line)
            elif "drain" in order:
                self.asked = True
                self._drain(float(order["drain"]["timeout_s"]), line)
            elif "stop" in order:
                self.asked = True
                self._stop(float(order["stop"]["grace_s"]))

    def _launch(self, launch: dict[str, Any], line: bytes) -> None:
        self.launched = launch
        self._sweep_at = time.monotonic() + SWEEP_DELAY_S
        node_directory.note_companions(self.directory, launch["remove"])
        # The child may be busy with its imports, and a long line does not fit into the pipe.
        threading.Thread(target=self._forward, args=(line,), daemon=True).start()

    def _forward(self, line: bytes) -> None:
        stdin = self._child.stdin
        # A broken pipe is a dead child, which its exit will say.
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                stdin.write(line + b"\n")
                stdin.flush()

    def _drain(self, timeout_s: float, line: bytes) -> None:
        """Ray drains its node by itself; only the end of its time is ours."""
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
        """Copies Ray's logs to where they stay; returns what went wrong."""
        if not self.launched.get("log_directory"):
            return None
        target = Path(self.launched["log_directory"])
        return node_directory.keep_logs(self.directory, target, self.launched["log_prefix"])

    def end_tree(self) -> list[int]:
        """Kills all that is left below us; returns the pids that survived even that."""
        give_up_at = time.monotonic() + KILL_LIMIT_S
        while True:
            self._reap()
            pids = process_tree.descendants(os.getpid())
            if not pids or time.monotonic() >= give_up_at:
                return pids
            for pid in pids:
                process_tree.kill(pid, signal.SIGKILL)
            select.select([self._wakeup], [], [], KILL_PERIOD_S)


def say_exit(code: int, asked: bool, tail: list[str]) -> None:
    while True:
        event = {"event": "exit", "code": code, "asked": asked, "tail": tail}
        line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
        if len(line) <= LINE_LIMIT_BYTES:
            break
        # The oldest lines go first; of a single long one the end stays.
        tail = tail[1:] if len(tail) > 1 else [tail[0][len(tail[0]) // 2 :]]
    # A broken pipe: nobody is left to hear it.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, line)


def clean_up(guard: Guard, survivors: list[int]) -> list[str]:
    """Keeps the logs, removes the directories, and returns the last words of all that was here."""
    directory, launch = guard.directory, guard.launched
    words = node_directory.read_tail(directory / "ray.out")
    words += node_directory.read_tail(directory / "guard.err")
    if survivors:
        words.append(f"Processes {survivors} ignored SIGKILL.")
    troubles = [node_directory.remove(Path(path)) for path in launch.get("remove", [])]
    troubles.append(guard.keep_logs())
    troubles.append(node_directory.remove(directory))
    return words + [trouble for trouble in troubles if trouble]


def main() -> None:
    directory = Path(sys.argv[1])
    # Out of the terminal's foreground group, which Ctrl-C signals. The leader of a session has to
    # stay in its group.
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    process_tree.adopt_orphans()
    node_directory.hold_lock(directory)
    guard = Guard(directory)
    try:
        guard.serve()
    except Exception:
        # Whatever happened, nothing may stay; the traceback is in the last words.
        traceback.print_exc()
    survivors = guard.end_tree()
    words = clean_up(guard, survivors)
    say_exit(128 + signal.SIGKILL if guard.code is None else guard.code, guard.asked, words)


if __name__ == "__main__":
    main()
