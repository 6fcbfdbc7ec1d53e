#!/usr/bin/env bash
# Builds the components of Kubernetes that the tests use, and links them into target/kubernetes.
# Caches the binaries outside the checkout, under a hash of their sources, because the first build
# of the control plane takes minutes, and downloads a GiB of modules.
set -euo pipefail

type -P go >/dev/null || {
  echo "There is no Go. Install Go 1.24 or newer; from 1.21 on it fetches that itself." >&2
  exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sources=$root/tests/kubernetes
linked=$root/target/kubernetes
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
kubernetes=$(sed -n 's|^require k8s.io/kubernetes v||p' "$sources/control_plane/go.mod")

# In the module's directory, because its go.mod selects the toolchain.
go_version=$(cd "$sources/control_plane" && go version)

# The version that the API server reports; clients ask for it.
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
    # Remove what an interrupted build leaves behind.
    trap 'rm -f "$partial"' EXIT
    (cd "$sources/$module" && CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "$flags" -o "$partial" .)
    chmod 755 "$partial"
    mv -T "$partial" "$kept"
    trap - EXIT
    # They are large: delete what no checkout has used for two weeks.
    find "$cache" -maxdepth 1 -name "kubernetes-$module-*" -mtime +14 -delete
  fi
  touch "$kept"
  for name; do
    ln -sfn "$kept" "$linked/$name"
  done
}

mkdir -p "$linked"
build pause pause
build dns coredns
build control_plane etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy \
  kubelet kubectl
