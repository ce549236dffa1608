#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh LIBRARY: only berth_* leaves the shared library, something does, and it misses nothing
# that libc does not have.
names=$(nm -D --defined-only "$1" | awk '{ print $3 }') || exit 1
echo "$names" | grep -q '^berth_stack_new$' || {
	echo "$1 does not export berth_stack_new" >&2
	exit 1
}
strange=$(echo "$names" | grep -v '^berth_')
[ -z "$strange" ] || {
	echo "$1 exports" $strange >&2
	exit 1
}
missing=$(ldd -r "$1" 2>&1 | grep 'undefined symbol')
[ -z "$missing" ] || {
	echo "$missing" >&2
	exit 1
}
