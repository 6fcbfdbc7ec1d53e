"""The Spark that the tests run with: .venv's, or the one of tools/with-spark.sh."""

from __future__ import annotations

import os
from pathlib import Path

import pyspark
from rayonspark._versions import spark_at

SPARK_HOME = Path(pyspark.__file__).parent
SPARK = spark_at(SPARK_HOME, pyspark.__version__)
PYTHON_PATH = os.pathsep.join([str(Path(__file__).parents[2] / "python"), str(SPARK_HOME.parent)])
"""Where a program finds the Python half of this checkout, and the PySpark of this Spark."""
