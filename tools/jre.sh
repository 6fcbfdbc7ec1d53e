#!/usr/bin/env bash
# Prints the home of this machine's Java of that version, or of the one of an older Debian:
# tools/jre.sh 11. Fetches it once, with this machine's Debian mirror, and caches it outside the
# checkout.
set -euo pipefail

version=${1:?"Say which Java: tools/jre.sh 11"}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
architecture=$(dpkg --print-architecture)
installed=/usr/lib/jvm/java-$version-openjdk-$architecture
if [[ -x $installed/bin/java ]]; then
  echo "$installed"
  exit
fi
# The last Debian that has Java 11.
suite=bullseye
home=$cache/jre-$version-$suite

if [[ ! -d $home ]]; then
  for tool in curl xz dpkg-deb; do
    type -P "$tool" >/dev/null || { echo "There is no $tool, which fetches Java." >&2; exit 1; }
  done
  mirror=$("$(dirname "${BASH_SOURCE[0]}")/debian-mirror.sh")
  package=openjdk-$version-jre-headless
  echo "Fetching $package of Debian $suite into \"$home\"" >&2
  mkdir -p "$cache"
  # Fetched aside and moved into place: another checkout may fetch it at the same time.
  fresh=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  index=$mirror/dists/$suite/main/binary-$architecture/Packages.xz
  curl -fsSL -o "$fresh/packages.xz" "$index" || {
    echo "\"$index\" cannot be fetched." >&2
    exit 1
  }
  read -r path sum < <(xz -dc "$fresh/packages.xz" | awk -v package="$package" '
    $1 == "Package:" { found = $2 == package }
    found && $1 == "Filename:" { path = $2 }
    found && $1 == "SHA256:" { print path, $2 }') || {
    echo "Debian $suite has no $package." >&2
    exit 1
  }
  curl -fsSL -o "$fresh/package.deb" "$mirror/$path"
  echo "$sum $fresh/package.deb" | sha256sum --check --quiet >&2
  dpkg-deb --extract "$fresh/package.deb" "$fresh/root"
  java=$fresh/root/usr/lib/jvm/java-$version-openjdk-$architecture
  # The package's settings are links to /etc.
  find "$java" -lname '/etc/*' -print0 | while IFS= read -r -d '' link; do
    target=$fresh/root$(readlink "$link")
    rm "$link"
    [[ ! -e $target ]] || cp -r "$target" "$link"
  done
  mv -T "$java" "$home" 2>/dev/null || [[ -d $home ]]
fi
echo "$home"
