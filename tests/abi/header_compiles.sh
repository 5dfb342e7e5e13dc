#!/bin/sh
# The SDK's headers, each alone, in every language and compiler that an author may use; the pages of plugin.h in C and C++, the C++
# face in C++20. A compiler that is not installed is named and passed over; with none at all the test fails.
# usage: header_compiles.sh INCLUDE_DIR
set -eu
include=$1
flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I$include"
tried=0
check() { # compiler language standard header
  command -v "$1" >/dev/null 2>&1 || { echo "not installed, passed over: $1"; return 0; }
  printf '#include <relance/%s>\n' "$4" | "$1" -x "$2" "-std=$3" $flags - || { echo "fails: $1 -std=$3 $4" >&2; exit 1; }
  tried=$((tried + 1))
}
# A hole that the compiler leaves has no name, so no release could ever use it, and it is copied as it happens to be.
for cc in gcc clang-19; do
  command -v "$cc" >/dev/null 2>&1 || continue
  printf '#include <relance/%s>\n' plugin.h http.h evidence.h | "$cc" -x c -std=c99 $flags -Wpadded - || { echo "padded" >&2; exit 1; }
done
pages=$(cd "$include/relance" && ls *.h abi/*.h)
for page in $pages; do
  for cc in gcc clang-19; do
    for std in c99 c11 c17; do check $cc c $std "$page"; done
  done
  for cxx in g++ clang++-19; do
    for std in c++11 c++14 c++17 c++20; do check $cxx c++ $std "$page"; done
  done
done
for header in "$include"/relance/*.hpp; do
  [ -e "$header" ] || continue
  for cxx in g++ clang++-19; do check $cxx c++ c++20 "$(basename "$header")"; done
done
[ "$tried" -gt 0 ] || { echo "no compiler found" >&2; exit 1; }
echo "$tried combinations compile without a warning"
