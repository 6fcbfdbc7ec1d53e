"""Stands between the JVM and one Ray node, so that Ray cannot outlive either of them.

    JVM ── stdin: launch, stop; end of file = the JVM is gone ──► guard ── stdin: launch ──► ray_node.py
     ◄── stdout: hello, gcs, node ───────────────────────────────────────────────────────────┘
     ◄── stdout: exit, the last line, when no process and no directory is left ── guard

Run as `python -I -S guard.py DIRECTORY`. Needs nothing but the standard library, and Python 3.8.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback

# An isolated interpreter does not look beside the script.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import node_directory  # noqa: E402

# What Ray gets to end politely when the JVM is gone; with the rest, all is over within 5 s.
LEASE_LOST_GRACE_S = 2.0
# A killed process is gone in milliseconds, or sits in the kernel where no signal reaches it.
KILL_LIMIT_S = 5.0
# A process that loses its parent becomes ours without an event.
KILL_PERIOD_S = 0.02
# Sweeping competes with Ray's start for the disk, and nobody waits for it.
SWEEP_DELAY_S = 5.0
# Below PIPE_BUF, so that a line is written whole.
LINE_LIMIT_BYTES = 4000

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Guard:
    """One child, from its start until nothing of it is left."""

    def __init__(self, directory):
        self.directory = directory
        self.launched = None
        self.asked = False
        self.code = None
        self._child = None
        self._orders = b""
        self._inputs = [0]
        self._kill_at = None
        self._sweep_at = None
        self._terminated = False
        self._wakeup, wake = os.pipe()
        for fd in (self._wakeup, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        # Handlers, not SIG_IGN: what a process ignores, its children ignore too.
        for signum in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def serve(self):
        self._spawn()
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

    def _on_sigterm(self, *_):
        self._terminated = True

    def _spawn(self):
        script = os.path.join(self.directory, "ray_node.py")
        parent = os.getpid()
        prctl = linux_prctl()

        def die_with_guard():
            if prctl:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                if os.getppid() != parent:
                    os._exit(1)

        events = os.dup(1)
        with open(os.path.join(self.directory, "ray.out"), "ab") as out:
            self._child = subprocess.Popen(
                [sys.executable, script, str(events)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                pass_fds=(events,),
                preexec_fn=die_with_guard,
            )
        os.close(events)

    def _grace_is_over(self):
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    def _wait_s(self):
        moments = [at for at in (self._kill_at, self._sweep_at) if at is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _reap(self):
        """Collects every dead child: ours, and those that a dead descendant left to us."""
        try:
            os.read(self._wakeup, 4096)
        except BlockingIOError:
            pass
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

    def _read_orders(self):
        data = os.read(0, 65536)
        if not data:
            self._inputs.clear()
            self.asked = True
            self._stop(LEASE_LOST_GRACE_S)
            return
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "launch" in order and self.launched is None:
                self._launch(order["launch"], line)
            elif "stop" in order:
                self.asked = True
                self._stop(float(order["stop"]["grace_s"]))

    def _launch(self, launch, line):
        self.launched = launch
        self._sweep_at = time.monotonic() + SWEEP_DELAY_S
        node_directory.note_companions(self.directory, launch["remove"])

        def forward():
            try:
                self._child.stdin.write(line + b"\n")
                self._child.stdin.flush()
            except BrokenPipeError:
                pass  # the child is dead, which its exit will say

        # The child may be busy with its imports, and a long line does not fit into the pipe.
        threading.Thread(target=forward, daemon=True).start()

    def _stop(self, grace_s):
        kill_at = time.monotonic() + grace_s
        if self._kill_at is None:
            self._kill_at = kill_at
            kill(self._child.pid, signal.SIGTERM)
            for pid in descendants(self._child.pid):
                if is_autoscaler_monitor(pid):
                    kill(pid, signal.SIGKILL)
        self._kill_at = min(self._kill_at, kill_at)

    def end_tree(self):
        """Kills all that is left below us; returns the pids that survived even that."""
        give_up_at = time.monotonic() + KILL_LIMIT_S
        while True:
            self._reap()
            pids = descendants(os.getpid())
            if not pids or time.monotonic() >= give_up_at:
                return pids
            for pid in pids:
                kill(pid, signal.SIGKILL)
            select.select([self._wakeup], [], [], KILL_PERIOD_S)


def linux_prctl():
    """The system call that ties the fates of processes; None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return prctl


def kill(pid, signum):
    try:
        os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):
        pass  # gone, or not ours: whoever counts what is left will say so


def is_autoscaler_monitor(pid):
    """Whether this is the one process of Ray that cannot end politely.

    At SIGTERM it tells all drivers that the autoscaler failed, and then waits for a GCS that `ray
    start` has ended before it: the second that Ray allows for that is most of a head's stop.
    """
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments = file.read().split(b"\0")
    except OSError:
        return False
    return any(b"/autoscaler/" in a and a.endswith(b"/monitor.py") for a in arguments[:4])


def descendants(ancestor):
    children = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found, open_pids = [], [ancestor]
    while open_pids:
        below = children.get(open_pids.pop(), [])
        found += below
        open_pids += below
    return found


def parents():
    """The parent of every process of this system that we can see."""
    if not os.path.isdir("/proc/self"):
        # This very `ps` is a child of ours, but gone when we look.
        listed = subprocess.Popen(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE)
        rows = [line.split() for line in listed.communicate()[0].splitlines()]
        return {int(pid): int(parent) for pid, parent in rows if int(pid) != listed.pid}
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # "pid (command) state parent …": the command may hold spaces and brackets.
                    found[int(name)] = int(file.read().rsplit(b")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def say(event):
    try:
        os.write(1, json.dumps(event, ensure_ascii=False).encode() + b"\n")
    except BrokenPipeError:
        pass  # nobody is left to hear it


def say_exit(code, asked, tail):
    event = {"event": "exit", "code": code, "asked": asked, "tail": tail}
    while len(json.dumps(event, ensure_ascii=False).encode()) > LINE_LIMIT_BYTES:
        event["tail"] = event["tail"][1:]
    say(event)


def clean_up(guard, survivors):
    """Keeps the logs, removes the directories, and returns the last words of all that was here."""
    directory, launch = guard.directory, guard.launched or {}
    words = node_directory.read_tail(os.path.join(directory, "ray.out"))
    words += node_directory.read_tail(os.path.join(directory, "guard.err"))
    if survivors:
        words.append(f"Processes {survivors} ignored SIGKILL.")
    troubles = [node_directory.remove(path) for path in launch.get("remove", [])]
    if launch.get("log_directory"):
        troubles.append(node_directory.keep_logs(directory, launch["log_directory"]))
    troubles.append(node_directory.remove(directory))
    return words + [trouble for trouble in troubles if trouble]


def main():
    try:
        # Out of the terminal's foreground group, which Ctrl-C signals.
        os.setpgid(0, 0)
    except PermissionError:
        pass  # the leader of a session leads its group already
    prctl = linux_prctl()
    if prctl:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    node_directory.hold_lock(sys.argv[1])
    guard = Guard(sys.argv[1])
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
