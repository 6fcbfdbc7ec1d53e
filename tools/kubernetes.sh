#!/usr/bin/env bash
# Builds the components of the Kubernetes that the tests run on, and links them into
# target/kubernetes. A finished binary is kept outside the checkout under a key of its content,
# because the first build of the control plane takes minutes, and needs a GiB of modules.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sources=$root/tests/kubernetes
linked=$root/target/kubernetes
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
kubernetes=$(sed -n 's|^require k8s.io/kubernetes v||p' "$sources/control_plane/go.mod")

type -P go >/dev/null || {
  echo "There is no Go. Install Go 1.24 or newer; from 1.21 on it fetches a newer one by itself." >&2
  exit 1
}
# In the module's directory: there it says which toolchain builds it.
go_version=$(cd "$sources/control_plane" && go version) || {
  echo "\"$(type -P go)\" cannot build for Go 1.24. Install Go 1.24 or newer." >&2
  exit 1
}

# What the API server says of itself; clients ask for it.
IFS=. read -r major minor _ <<<"$kubernetes"
package=k8s.io/component-base/version
flags="-s -w -X $package.gitMajor=$major -X $package.gitMinor=$minor
 -X $package.gitVersion=v$kubernetes -X $package.gitTreeState=clean
 -X $package.buildDate=1970-01-01T00:00:00Z"

build() {
  local module=$1 kept key partial
  shift
  key=$(cd "$sources/$module" && {
    echo "$go_version $flags"
    cat ./*
  } | sha256sum | cut -c -16)
  kept=$cache/kubernetes-$module-$key
  if [[ ! -x $kept ]]; then
    echo "Building tests/kubernetes/$module"
    mkdir -p "$cache"
    partial=$(mktemp "$kept.XXXXXX")
    # What an interrupted build has left is nobody's; the key is found by its name alone.
    trap 'rm -f "$partial"' EXIT
    (cd "$sources/$module" && CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "$flags" -o "$partial" .)
    chmod 755 "$partial"
    mv -T "$partial" "$kept"
    trap - EXIT
    # They are large, and an older one is never asked for again.
    find "$cache" -maxdepth 1 -name "kubernetes-$module-*" ! -path "$kept" -mmin +60 -delete
  fi
  for name; do
    ln -sfn "$kept" "$linked/$name"
  done
}

mkdir -p "$linked"
build pause pause
build dns coredns
build control_plane etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy \
  kubelet kubectl
