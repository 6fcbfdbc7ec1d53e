#!/usr/bin/env bash
# Prints an interpreter of this Python version, with .venv's version of Ray and without Spark:
# tools/python.sh 3.10. Needs that Python on the PATH; caches its environment outside the checkout.
set -euo pipefail

version=${1:?"Say which Python: tools/python.sh 3.10"}
venv=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.venv/bin/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
ray=$("$venv" -c 'from importlib.metadata import version; print(version("ray"))')
# For the rest, the newest versions for this Python.
packages=("ray[default]==$ray" numpy "pandas<3" pyarrow psutil)

full=$("python$version" -c 'import platform; print(platform.python_version())' 2>/dev/null) || {
  echo "There is no Python $version: \"python$version\" does not run." >&2
  exit 1
}
key=$(printf '%s\n' "${packages[@]}" | cksum | tr ' ' -)
home=$cache/python-$full-$key

if [[ ! -d $home ]]; then
  echo "Making an environment for Python $full in \"$home\"" >&2
  mkdir -p "$cache"
  # Built in its place, since an environment cannot be moved; complete when the link is there.
  fresh=$(mktemp -d "$cache/venv-$full-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  "python$version" -m venv "$fresh" >&2
  "$fresh/bin/python" -m pip install --quiet "${packages[@]}" >&2
  # Another checkout may build it at the same time; the first link stays.
  if ln -sT "$fresh" "$home" 2>/dev/null; then trap - EXIT; fi
fi
echo "$home/bin/python"
