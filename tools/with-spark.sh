#!/usr/bin/env bash
# Runs a command with a different Spark from .venv's: tools/with-spark.sh 3.5 python program.py
# The version is a minor version in python/rayonspark/builds.csv.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
minor=${1:?"Say which Spark: tools/with-spark.sh 3.5 COMMAND"}
shift
# If there are two builds, the first has the Scala of PyPI's pyspark.
IFS=, read -r _ scala version _ < <(grep "^$minor," "$root/python/rayonspark/builds.csv") || {
  echo "Spark $minor is not in python/rayonspark/builds.csv. Name one of its minor versions." >&2
  exit 1
}
home=$("$root/tools/spark.sh" "$version")
export PYTHONPATH=$home${PYTHONPATH:+:$PYTHONPATH} SPARK_HOME=$home/pyspark SPARK_SCALA_VERSION=$scala
exec "$@"
