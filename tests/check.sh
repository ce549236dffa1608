#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What make check-all adds to make test: builds without any warning by gcc and by clang, the
# unit, simulation and dual tests under the address and undefined-behaviour sanitizers, and two
# analysers. Each leaves its results in build-*/; exits 0 only if everything is clean.
cd "$(dirname "$0")/.." || exit 1
status=0

# build NAME COMPILER OPTION...: a build in build-NAME.
build()
{
	name=build-$1
	compiler=$2
	shift 2
	echo "== $name"
	[ -f "$name/build.ninja" ] ||
		CC=$compiler meson setup "$name" --werror "$@" >"$name.log" 2>&1 || {
		cat "$name.log"
		return 1
	}
	ninja --quiet -C "$name"
}

# tests NAME: its suites that need no other program.
tests()
{
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	meson test -C "build-$1" --num-processes 2 --print-errorlogs --timeout-multiplier 4 \
		--no-suite tree
}

build gcc gcc || status=1
build clang clang || status=1
{ build asan gcc -Db_sanitize=address,undefined && tests asan; } || status=1
{ build asan-clang clang -Db_sanitize=address,undefined && tests asan-clang; } || status=1

echo '== cppcheck'
cppcheck --quiet -j2 --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
	--suppress=missingIncludeSystem -D_GNU_SOURCE -D__GNUC__ -Iinclude -Isrc src || status=1

echo '== clang-tidy'
git ls-files 'src/*.c' 2>/dev/null | xargs -r -P2 -n8 clang-tidy --quiet -p build-clang \
	2>/dev/null || status=1

[ $status -eq 0 ] && echo 'check-all: clean'
exit $status
