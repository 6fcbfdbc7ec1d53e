#!/usr/bin/env bash
# Prints the Debian mirror that this machine's apt-get uses; fails if it has none.
set -euo pipefail

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
  grep -v security | head -1 || true)
[[ -n $mirror ]] || { echo "apt-get has no Debian mirror." >&2; exit 1; }
echo "${mirror%/}"
