#!/usr/bin/env bash
# check.sh find_package|pkg_config|add_subdirectory <build folder> <c++ compiler>
# Installs the built tree into a temporary folder (add_subdirectory: uses the sources), then builds and runs a user's
# project against it that knows nothing else of this repository.
set -euo pipefail

way=$1 build=$2
export CXX=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

configure_and_build() {
  cmake -S "$here/$way" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug "$@" >"$work/log" || {
    cat "$work/log"
    exit 1
  }
  cmake --build "$work/build" --parallel 2
}

refuse_private_headers() {
  if find "$work/prefix/include" -type f | grep -v "^$work/prefix/include/inlay/"; then
    echo "installed outside include/inlay (above)" >&2
    exit 1
  fi
}

case $way in
find_package)
  cmake --install "$build" --prefix "$work/prefix" >/dev/null
  refuse_private_headers
  configure_and_build -DCMAKE_PREFIX_PATH="$work/prefix"
  for program in use_datatypes use_expiry use_inlay use_patterns; do
    "$work/build/$program"
  done
  ;;
pkg_config)
  cmake --install "$build" --prefix "$work/prefix" >/dev/null
  PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name inlay.pc)")
  export PKG_CONFIG_PATH
  read -ra flags < <(pkg-config --cflags --libs inlay)
  "$CXX" -std=c++20 -Wall -Wextra -Werror "$here/pkg_config/main.cc" "${flags[@]}" -o "$work/main"
  "$work/main"
  ;;
add_subdirectory)
  configure_and_build -DINLAY_UNITY=ON -DINLAY_SOURCE_DIR="$(cd "$here/../.." && pwd)"
  "$work/build/main"
  # Only the libraries came along.
  cmake --build "$work/build" --target help >"$work/targets"
  if grep -E '^inlay/(tests|bench|fuzz|docs|api/shell|api/package)' "$work/targets"; then
    echo "add_subdirectory brought more than the libraries (above)" >&2
    exit 1
  fi
  ;;
*)
  echo "unknown way: $way" >&2
  exit 2
  ;;
esac
echo "$way: ok"
