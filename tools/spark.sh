#!/usr/bin/env bash
# Prints a folder with this version of pyspark, to compile against and to run: the package, its jars
# and its py4j. If .venv has this version, prints its folder. Fetches any other version once, and
# caches it outside the checkout.
set -euo pipefail

version=${1:?"Say which pyspark: tools/spark.sh 4.3.0"}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
home=$cache/pyspark-$version

[[ -x $python ]] || {
  echo "There is no .venv, whose pip fetches pyspark $version. Run \"make env\" first." >&2
  exit 1
}
installed=$("$python" -c 'import pathlib, pyspark
print(pyspark.__version__, pathlib.Path(pyspark.__file__).parents[1])')
if [[ $installed == "$version "* ]]; then
  echo "${installed#* }"
  exit
fi

if [[ ! -d $home ]]; then
  echo "Fetching pyspark $version into \"$home\"" >&2
  mkdir -p "$cache"
  # Fetched aside and moved into place: another checkout may fetch it at the same time.
  fresh=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  "$python" -m pip download --quiet --no-deps --no-binary :all: --dest "$fresh" \
    "pyspark==$version" >&2
  tar -xzf "$fresh/pyspark-$version.tar.gz" -C "$fresh"
  rm "$fresh/pyspark-$version.tar.gz"
  source=$fresh/pyspark-$version
  # The same layout as from pip, which would take minutes to pack and unpack the jars.
  mkdir "$fresh/home"
  mv "$source/pyspark" "$fresh/home/"
  mv "$source"/deps/{bin,sbin,jars,data} "$fresh/home/pyspark/"
  chmod +x "$fresh"/home/pyspark/{bin,sbin}/*
  # Spark on YARN sends these zip files to the executors.
  mkdir "$fresh/home/pyspark/python/lib"
  mv "$source"/lib/*.zip "$fresh/home/pyspark/python/lib/"
  "$python" -m zipfile -e "$fresh"/home/pyspark/python/lib/py4j-*-src.zip "$fresh/home"
  mv -T "$fresh/home" "$home" 2>/dev/null || [[ -d $home ]]
fi
echo "$home"
