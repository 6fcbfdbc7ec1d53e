#!/usr/bin/env bash
# Runs sbt on a machine that has none: the Ivy that comes with pyspark fetches its launcher, once.
# Java options for sbt come from SBT_OPTS; repositories from the usual settings of Ivy and Coursier.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java=$("$root/tools/java.sh")
version=$(sed -n 's/^sbt\.version *= *//p' "$root/project/build.properties")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rayonspark
launcher=$cache/sbt-launch-$version.jar

fetch_launcher() {
  local ivy settings=() user_settings=$HOME/.ivy2/ivysettings.xml download
  ivy=$(compgen -G "$root/.venv/lib/python3.*/site-packages/pyspark/jars/ivy-*.jar" | head -n 1) || {
    echo "sbt $version is not in \"$cache\", and there is no pyspark in .venv whose Ivy could" \
      "fetch it. Run \"make env\" first." >&2
    exit 1
  }
  [[ -f $user_settings ]] && settings=(-settings "$user_settings")
  mkdir -p "$cache"
  # Moved into place whole: another checkout may be fetching it at the same moment.
  download=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$download"' EXIT
  "$java" -jar "$ivy" "${settings[@]}" -dependency org.scala-sbt sbt-launch "$version" \
    -confs default -retrieve "$download/[artifact]-[revision].[ext]" >"$download/log" 2>&1 || {
    cat "$download/log" >&2
    echo "Ivy could not fetch sbt-launch $version. Check the network and the repositories that" \
      "\"$user_settings\" names." >&2
    exit 1
  }
  mv "$download/sbt-launch-$version.jar" "$launcher"
  rm -rf "$download"
  trap - EXIT
}

[[ -f $launcher ]] || fetch_launcher

options=(-Xmx2g -Xss4m -Dfile.encoding=UTF-8 -Dsbt.server.autostart=false)
[[ -t 1 ]] || options+=(-Dsbt.supershell=false -Dsbt.color=false)

cd "$root"
if (($# > 0)); then
  # Without a terminal to ask, a broken build ends sbt instead of leaving it at a question.
  exec </dev/null
fi
# shellcheck disable=SC2086  # SBT_OPTS holds several options.
exec "$java" "${options[@]}" ${SBT_OPTS:-} -jar "$launcher" "$@"
