#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The lecture's TCP client and server, unmodified, on two hosts of a network that loses packets;
# and what became of every call and segment.
cd "$(dirname "$0")/.." || exit 1
echo '$ build/berth run -f examples/demo.yaml --ladder'
exec build/berth run -f examples/demo.yaml --ladder
