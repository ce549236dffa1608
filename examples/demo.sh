#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The lecture's TCP client and server, unmodified, on two hosts of a network that loses packets;
# and what became of every call and segment.
cd "$(dirname "$0")/.." || exit 1
cat <<'EOF'
Two unmodified programs, examples/stream_server.c and stream_client.c, on two
hosts 40 ms apart. The network loses one packet in six. Neither notices.

$ build/berth run -f examples/demo.yaml --ladder
EOF
build/berth run -f examples/demo.yaml --ladder
status=$?
cat <<'EOF'

Outside: the programs' socket calls. Between: the segments, each from the row
in which it left to the row in which it arrived. seq and ack count bytes; ack
is the next one expected. again: the sender got no acknowledgement in time,
and sent it once more.
EOF
exit $status
