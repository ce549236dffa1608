#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compare.sh EXPECTED COMMAND...: passes if the command succeeds and prints what the file holds,
# ports that the host chose, and times, left out. With GOLDEN_UPDATE=1 it writes the file.
expected=$1
shift
out=$("$@") || exit
out=$(printf '%s\n' "$out" | sed -E 's/,p[0-9]{5}$/,pPORT/; s/[0-9.]+ ms$/T ms/')
if [ "${GOLDEN_UPDATE:-}" = 1 ]; then
	printf '%s\n' "$out" >"$expected"
	exit
fi
printf '%s\n' "$out" | diff -u "$expected" -
