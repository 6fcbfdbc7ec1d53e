"""Stand-ins for ray_node.py: small programs that behave as Ray might."""

_PRELUDE = """
import json, os, signal, subprocess, sys, time
events = int(sys.argv[1])
os.set_inheritable(events, False)
def say(**event):
    os.write(events, json.dumps(event).encode() + b"\\n")
def sleeper(**options):
    return subprocess.Popen(["sleep", "1000"], **options)
def hello():
    say(event="hello", pid=os.getpid(), python="3", ray="fake", dashboard=False)
"""

# Ends at SIGTERM, like Ray at its best.
POLITE = (
    _PRELUDE
    + """
hello()
launch = json.loads(sys.stdin.readline())["launch"]
print("launched with", *launch["arguments"], flush=True)
signal.pause()
"""
)

# Ends by itself with a message, as `ray start` does when it fails.
FAILING = (
    _PRELUDE
    + """
hello()
sys.stdin.readline()
sleeper(start_new_session=True)
print("no port\\nfor GCS", flush=True)
sys.exit(3)
"""
)

# Drains when told to: reports it, finishes what runs, and ends.
DRAINING = (
    _PRELUDE
    + """
hello()
sys.stdin.readline()
limit_s = json.loads(sys.stdin.readline())["drain"]["timeout_s"]
print("drains for", limit_s, flush=True)
"""
)

# Receives a command to drain, but never ends by itself.
BUSY = DRAINING + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsleeper()\nsignal.pause()\n"

# Ignores SIGTERM, and has descendants that have left their session and their parent.
STUBBORN = (
    _PRELUDE
    + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleeper(preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
sleeper(start_new_session=True)
subprocess.Popen(["sh", "-c", "setsid sleep 1000 & setsid setsid sleep 1000 & exit"]).wait()
hello()
signal.pause()
"""
)

# Starts processes in new sessions, faster than one scan of the process table can find them.
FORKING = (
    _PRELUDE
    + """
hello()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork(), os.fork(), os.fork()
while True:
    if os.fork() == 0:
        os.setsid()
        time.sleep(0.2)
        if os.fork() == 0:
            time.sleep(0.5)
        os._exit(0)
    time.sleep(0.05)
"""
)

# Leaves logs as Ray does, some of them hostile.
LOGGING = (
    _PRELUDE
    + """
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "r")
os.mkdir(here)
logs = os.path.join(here, "session_1", "logs")
os.makedirs(os.path.join(logs, "events"))
os.symlink("session_1", os.path.join(here, "session_latest"))
open(os.path.join(logs, "raylet.out"), "w").write("small\\n")
open(os.path.join(logs, "events", "event.log"), "w").write("deep\\n")
with open(os.path.join(logs, "huge.log"), "wb") as file:
    file.truncate(1 << 30)
    file.seek(0, 2)
    file.write(b"the end")
os.symlink("/etc/passwd", os.path.join(logs, "passwd"))
os.mkfifo(os.path.join(logs, "fifo"))
locked = os.path.join(here, "session_1", "locked")
os.makedirs(os.path.join(locked, "inner"))
os.chmod(locked, 0o500)
hello()
signal.pause()
"""
)
