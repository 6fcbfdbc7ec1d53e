#!/usr/bin/env bash
# Prints the path of the JDK's `java` that the build and Spark use; fails if there is none.
set -euo pipefail

oldest=17

fail() {
  echo "$1 Install a JDK $oldest or newer (Debian: openjdk-17-jdk-headless), or set JAVA_HOME to one." >&2
  exit 1
}

if [[ -n ${JAVA_HOME:-} ]]; then
  java=$JAVA_HOME/bin/java
  [[ -x $java ]] || fail "JAVA_HOME is \"$JAVA_HOME\", and \"$java\" is not there."
else
  java=$(type -P java) || fail "There is no Java: JAVA_HOME is not set, and no \"java\" is on the PATH."
fi

version=$("$java" -XshowSettings:properties -version 2>&1 |
  sed -n 's/^ *java.specification.version = //p')
[[ ${version%%.*} =~ ^[0-9]+$ ]] || fail "\"$java\" does not tell its version."
((${version%%.*} >= oldest)) || fail "\"$java\" is Java $version, and Spark 4 needs $oldest."

# Some of the sources are Java, which a JRE cannot compile.
"$java" --list-modules | grep -q '^jdk\.compiler@' ||
  fail "\"$java\" is a Java runtime without a compiler."

echo "$java"
