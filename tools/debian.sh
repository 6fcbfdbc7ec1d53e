#!/usr/bin/env bash
# Prints the root directory of a Debian 13 with its own Python and Java, and with the packages that
# RayOnSpark needs in /venv. The first call builds it, as root, with debootstrap and this machine's
# Debian mirror, and caches it outside the checkout.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${tools%/*}/.venv/bin/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
read -r spark ray < <("$python" -c 'from importlib.metadata import version
print(version("pyspark"), version("ray"))')
# The versions of Spark and Ray in .venv; for the rest, the newest versions for this Python.
packages=("pyspark==$spark" "ray[default]==$ray" numpy "pandas<3" pyarrow psutil)
key=$(printf '%s\n' "${packages[@]}" | cksum | tr ' ' -)
root=$cache/debian-13-$key

if [[ ! -d $root ]]; then
  ((UID == 0)) || { echo "Only root can make a Debian 13." >&2; exit 1; }
  type -P debootstrap >/dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends debootstrap >&2 || {
    echo "There is no debootstrap, and apt-get cannot install it." >&2
    exit 1
  }
  mirror=$("$tools/debian-mirror.sh")
  echo "Making a Debian 13 in \"$root\"" >&2
  mkdir -p "$cache"
  # Built aside and moved into place: another checkout may build it at the same time.
  fresh=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  debootstrap --variant=minbase \
    --include=python3,python3-venv,openjdk-21-jre-headless,procps,ca-certificates \
    trixie "$fresh/root" "$mirror" >&2
  # The machine's name resolution and trusted certificates, for pip.
  cp /etc/resolv.conf /etc/hosts "$fresh/root/etc/"
  cp /etc/ssl/certs/ca-certificates.crt "$fresh/root/etc/ssl/certs/"
  [[ ! -f /etc/pip.conf ]] || cp /etc/pip.conf "$fresh/root/etc/"
  chroot "$fresh/root" python3 -m venv /venv >&2
  chroot "$fresh/root" /venv/bin/python -m pip install --quiet --no-cache-dir "${packages[@]}" >&2
  chmod 755 "$fresh/root"
  mv -T "$fresh/root" "$root" 2>/dev/null || [[ -d $root ]]
fi
echo "$root"
