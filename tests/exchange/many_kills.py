"""Many transfers to Ray; a raylet is killed at a random moment of each.

Not a part of the tests: `make soak-kills` runs it, for most of an hour. Within a time limit, each
call must return all rows or raise an error of RayOnSpark; otherwise the program exits with code 1.
Half of the calls are recoverable.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from cluster.sessions import local_cluster
from pyspark.sql import DataFrame, SparkSession
from rayonspark import RayCluster, errors
from rayonspark._background import in_background

from .blocks import table
from .nodes import raylet_of
from .sessions import start

CALL_LIMIT_S = 240.0
"""A call that takes longer counts as a hang."""
NODES_LIMIT_S = 120.0
"""Both nodes must be back within this time."""
LOOK_S = 0.2
"""How often the nodes are polled: no event tells Python that one is back."""
LATEST_KILL = 1.1
"""The latest moment of a kill, as a multiple of a transfer's duration: some come too late."""
CALLS_PER_CLUSTER = 8
"""Few, because the wait before each further restart of a node grows, up to half a minute."""
QUICK_DEATHS = {"RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "3"}
"""By default, GCS notices the end of a raylet after five checks, three seconds apart."""
BAD = ("HANG", "STRANGE", "WRONG")
EXECUTORS = ("0", "1")


@dataclass(frozen=True)
class Call:
    """One transfer; `kill_at` is a multiple of the duration of a transfer without a kill."""

    number: int
    recoverable: bool
    executor_id: str
    kill_at: float


def main() -> int:
    """Make the calls, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = parser.parse_args()
    print(f"{given.calls} calls of {given.rows} rows; to repeat them: --seed {given.seed}")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.update(QUICK_DEATHS)
    faulthandler.enable()
    chance = random.Random(given.seed)
    calls = [
        Call(number, number % 2 == 1, chance.choice(EXECUTORS), chance.uniform(0, LATEST_KILL))
        for number in range(given.calls)
    ]
    results = Results()
    with local_cluster(workers=len(EXECUTORS), cores=1, **{"spark.log.level": "ERROR"}) as spark:
        for first in range(0, len(calls), CALLS_PER_CLUSTER):
            with start_cluster(spark) as cluster:
                soak = Soak(spark, cluster, given.rows, results)
                for call in calls[first : first + CALLS_PER_CLUSTER]:
                    soak.run(call)
    return results.summary()


def start_cluster(spark: SparkSession) -> RayCluster:
    """Start a cluster whose staging holds only some of the rows."""
    return start(
        spark,
        num_nodes=len(EXECUTORS),
        object_store_memory="200m",
        max_restarts=CALLS_PER_CLUSTER,
    )


class Results:
    """What became of the calls."""

    def __init__(self) -> None:
        self._results: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._slowest_s = 0.0

    def count(self, call: Call, result: str, took_s: float) -> None:
        """Count a call that has ended."""
        self._slowest_s = max(self._slowest_s, took_s)
        self._results[f"{result}, {'recoverable' if call.recoverable else 'once'}"] += 1
        print(f"{call}: {result} after {took_s:.1f} s", flush=True)

    def count_error(self, error: BaseException, when: str = "") -> None:
        """Print an error, and count it by its text."""
        text = f"{when}{type(error).__name__}: {str(error)[:400]}"
        self._errors[text] += 1
        print(text, flush=True)

    def summary(self) -> int:
        """Print everything, and return the program's exit code."""
        print(f"slowest call {self._slowest_s:.1f} s")
        for result, count in sorted(self._results.items()):
            print(f"{count:4d} {result}")
        for error, count in self._errors.most_common():
            print(f"{count:4d} {error}")
        sys.stdout.flush()
        return 1 if any(result.startswith(BAD) for result in self._results) else 0


class Soak:
    """The calls on one cluster."""

    def __init__(
        self, spark: SparkSession, cluster: RayCluster, rows: int, results: Results
    ) -> None:
        self._spark = spark
        self._cluster = cluster
        self._rows = rows
        self._results = results
        # The first transfer is slower than the others.
        begun = time.monotonic()
        cluster.to_ray(self._frame())
        first = time.monotonic()
        cluster.to_ray(self._frame())
        self._usual_s = time.monotonic() - first
        print(f"without a kill {first - begun:.2f} s, then {self._usual_s:.2f} s", flush=True)

    def run(self, call: Call) -> None:
        """Make one call, with its kill, and count its result."""
        self._until_complete()
        raylet = raylet_of(self._cluster, call.executor_id)
        killer = threading.Timer(call.kill_at * self._usual_s, raylet.kill)
        begun = time.monotonic()
        killer.start()
        moving = in_background("move", lambda: self._moved(call))
        try:
            result = moving.result(CALL_LIMIT_S)
        except TimeoutError:
            faulthandler.dump_traceback(all_threads=True)
            result = "HANG"
        except errors.RayOnSparkException as error:
            result = "error"
            self._results.count_error(error)
        except Exception as error:
            result = f"STRANGE {type(error).__name__}"
            self._results.count_error(error)
        self._results.count(call, result, time.monotonic() - begun)
        if result == "HANG":
            self._results.summary()
            # The code below would never finish.
            os._exit(1)
        killer.join()

    def _moved(self, call: Call) -> str:
        """Move the rows, and check them."""
        dataset = self._cluster.to_ray(self._frame(), recoverable=call.recoverable)
        moved = self._cluster.last_exchange
        if moved is None or moved.rows != self._rows:
            return f"WRONG {moved}"
        try:
            ids = table(dataset).column("id").to_numpy()
        except Exception as error:
            self._results.count_error(error, "after the transfer: ")
            # The kill came after the call and before the check. This error is documented.
            return "lost later" if not call.recoverable else "STRANGE lost later"
        if np.array_equal(ids, np.arange(self._rows)):
            return "all rows"
        return f"WRONG {len(ids)} rows with sum {ids.sum()}"

    def _frame(self) -> DataFrame:
        return self._spark.range(0, self._rows, 1, 12)

    def _until_complete(self) -> None:
        """Wait until every executor has a node that Ray lists."""
        deadline = time.monotonic() + NODES_LIMIT_S
        while time.monotonic() < deadline:
            alive = {node.executor_id for node in self._cluster.nodes if node.state == "alive"}
            if alive >= set(EXECUTORS):
                return
            time.sleep(LOOK_S)
        raise TimeoutError(f"The nodes are not back: {self._cluster.nodes}")


if __name__ == "__main__":
    sys.exit(main())
