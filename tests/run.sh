#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All tests of one build (BUILD, default build): Meson's, then the system tests. Ends with a
# line `N passed, N failed`; exits 0 only if none failed. Arguments go to pytest.
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
python=/usr/bin/python3
[ -x $python ] || python=python3

rm -f "$build/meson-logs/testlog.json" "$build/system.xml"
meson test -C "$build" --num-processes 2 --print-errorlogs
BERTH="$PWD/$build/berth" $python -m pytest tests/system -q -n "${JOBS:-4}" \
	-p no:cacheprovider --durations=8 --junitxml="$build/system.xml" "$@"
tools/tally "$build/meson-logs/testlog.json" "$build/system.xml"
