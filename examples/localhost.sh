#!/bin/sh
# SPDX-License-Identifier: MIT
# A server and a client that meet on localhost, as in many test suites: to be run as
#     berth run --delay 40ms --loss 1% -- sh examples/localhost.sh
cd "$(dirname "$0")" || exit 1
python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 &
server=$!
curl -sf --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 20 \
	-o /dev/null -w 'fetched %{size_download} bytes in %{time_total} s\n' \
	http://127.0.0.1:8000/stream_client.c
status=$?
kill $server
exit $status
