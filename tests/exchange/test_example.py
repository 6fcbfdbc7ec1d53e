"""The training example works in one process and on two executors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cluster.sessions import LOCAL_CLUSTER_ENV

EXAMPLE = Path(__file__).parents[2] / "examples" / "spark_to_ray_training.py"


@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1408]"])
def test_spark_evaluates_the_model_that_ray_trained(master: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, str(EXAMPLE), "--master", master],
        cwd=tmp_path,
        env=os.environ | LOCAL_CLUSTER_ENV,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Ray, C=1: accuracy 0.9" in ran.stdout
    assert "Spark, accuracy on the test rows: 0.9" in ran.stdout
    assert ran.stdout.endswith("Both are stopped.\n")
