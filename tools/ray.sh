#!/usr/bin/env bash
# Prints a folder with this version of Ray, for PYTHONPATH; its dependencies come from .venv. If
# .venv has this version, prints its folder. Fetches any other version once, and caches it outside
# the checkout.
set -euo pipefail

version=${1:?"Say which Ray: tools/ray.sh 2.60.0"}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
home=$cache/ray-$version

[[ -x $python ]] || {
  echo "There is no .venv, whose pip fetches Ray $version. Run \"make env\" first." >&2
  exit 1
}
installed=$("$python" -c 'import importlib.metadata
ray = importlib.metadata.distribution("ray")
print(ray.version, ray.locate_file(""))')
if [[ $installed == "$version "* ]]; then
  echo "${installed#* }"
  exit
fi

if [[ ! -d $home ]]; then
  echo "Fetching Ray $version into \"$home\"" >&2
  mkdir -p "$cache"
  # Fetched aside and moved into place: another checkout may fetch it at the same time.
  fresh=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  "$python" -m pip install --quiet --no-deps --target "$fresh/home" "ray==$version" >&2
  mv -T "$fresh/home" "$home" 2>/dev/null || [[ -d $home ]]
fi
echo "$home"
