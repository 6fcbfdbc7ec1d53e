#!/usr/bin/env bash
# Runs a command in another root, with this checkout in it: in_debian.sh ROOT CHECKOUT COMMAND…
# It runs in a mount namespace of its own, which ends with the command, as do the mounts.
set -euo pipefail

root=$1 checkout=$2
shift 2
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir -p "$root$checkout"
mount --bind "$checkout" "$root$checkout"
exec chroot "$root" "$@"
