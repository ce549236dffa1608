#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compare.sh EXPECTED COMMAND...: passes if the command prints what the file holds. With
# GOLDEN_UPDATE=1 it writes the file instead: look at the difference before you commit it.
expected=$1
shift
if [ "${GOLDEN_UPDATE:-}" = 1 ]; then
	exec "$@" >"$expected"
fi
"$@" | diff -u "$expected" -
