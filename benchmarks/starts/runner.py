"""Runs one measurement in its own process, and leaves nothing of it behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starts import process_tree, session

if TYPE_CHECKING:
    from exchanges.request import ExchangeRequest

    from starts.request import StartRequest

TIMEOUT_S = 400.0
TAIL_BYTES = 4000

PEER_FILES = (
    "/tmp/ray_on_spark_worker_startup_barrier_lock.lock",
    "/tmp/ray_on_spark_worker_port_allocation.txt",
)
"""Fixed file names of the peer; removed afterwards unless they existed before."""


def run(
    request: StartRequest | ExchangeRequest,
    module: str = "starts.one_start",
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """Return what `module` writes for this request, with ``error`` if there was one."""
    existed = {name for name in PEER_FILES if Path(name).exists()}
    # Short, because the path of a Unix socket has at most 107 bytes.
    scratch = tempfile.mkdtemp(prefix="rb-")
    try:
        session.prepare(scratch)
        return _run(replace(request, scratch=scratch), module, timeout_s)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for name in set(PEER_FILES) - existed:
            Path(name).unlink(missing_ok=True)


def _run(request: StartRequest | ExchangeRequest, module: str, timeout_s: float) -> dict[str, Any]:
    result, output = Path(request.scratch, "result.json"), Path(request.scratch, "output")
    environment = session.environment(request.scratch)
    here = str(Path(__file__).parent.parent)
    environment["PYTHONPATH"] = ":".join(filter(None, [here, environment.get("PYTHONPATH")]))
    before = process_tree.descendants()
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, request.to_json(), str(result)],
            env=environment,
            cwd=request.scratch,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            process_tree.kill(process_tree.descendants_since(before))
            process.wait()
            process_tree.reap()
    if result.exists():
        measured: dict[str, Any] = json.loads(result.read_text())
    else:
        ended = "ran into the time limit" if code is None else f"exited with code {code}"
        measured = {"error": f"The measured process {ended}."}
    if "error" in measured:
        measured["output"] = output.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
    return measured
