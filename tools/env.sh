#!/usr/bin/env bash
# Creates .venv, with the packages of python/requirements-dev.txt and this checkout's package.
# Caches a finished environment outside the checkout, under a hash of its content: a fresh clone
# copies it in seconds, while an installation takes minutes.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
requirements=$root/python/requirements-dev.txt
python=${PYTHON:-python3}

"$root/tools/java.sh" >/dev/null

type -P "$python" >/dev/null || {
  echo "There is no \"$python\". Install Python 3.10 or newer, or name one: make env PYTHON=python3.12" >&2
  exit 1
}
version=$("$python" -c 'import platform, sys; print(platform.python_version())
sys.exit(sys.version_info < (3, 10))') || {
  echo "\"$python\" is Python ${version:-?}, and 3.10 is the oldest that works." \
    "Name a newer one: make env PYTHON=python3.12" >&2
  exit 1
}

key=$("$python" - "$requirements" "${BASH_SOURCE[0]}" <<'PYTHON'
import hashlib, pathlib, sys, sysconfig

content = [sys.version, sysconfig.get_platform(), sys.base_prefix]
content += [pathlib.Path(name).read_text() for name in sys.argv[1:]]
print(hashlib.sha256(repr(content).encode()).hexdigest()[:16])
PYTHON
)
[[ -f $venv/key && $(<"$venv/key") == "$key" ]] && exit 0

kept=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark/venv-$version-$key

install() {
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
  echo "$venv" >"$venv/built-at"
}

# The scripts in an environment contain the path at which it was built.
copy_kept() {
  local built_at script
  cp -a "$kept" "$venv" || return 1
  built_at=$(<"$venv/built-at")
  grep -lI -d skip -F "$built_at" "$venv"/bin/* "$venv/pyvenv.cfg" | while read -r script; do
    [[ -L $script ]] || sed -i "s|$built_at|$venv|g" "$script"
  done
  echo "$venv" >"$venv/built-at"
}

keep() {
  local partial
  mkdir -p "$(dirname "$kept")"
  partial=$(mktemp -d "$kept.XXXXXX")
  if cp -a "$venv/." "$partial" && mv -T "$partial" "$kept"; then
    # Keep one per interpreter: they are large, and an older one is never needed again.
    find "$(dirname "$kept")" -maxdepth 1 -name "venv-$version-*" ! -path "$kept" \
      -mmin +60 -exec rm -rf {} +
  else
    rm -rf "$partial"
  fi
}

rm -rf "$venv"
if [[ -d $kept ]] && copy_kept; then
  echo "Copied the environment from $kept"
else
  rm -rf "$venv"
  echo "Installing the packages of ${requirements#"$root"/} into .venv"
  install
  keep
fi

# The package of this checkout, as in an editable installation.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$root/python" >"$site/rayonspark-checkout.pth"
echo "$key" >"$venv/key"
