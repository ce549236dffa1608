# SPDX-License-Identifier: MIT
"""Sets and gets through several connections, then gets by UDP: memcached_client.py HOST."""

import socket
import sys

host = sys.argv[1]
connections = [socket.create_connection((host, 11211), 60) for _ in range(20)]
files = [connection.makefile("rwb") for connection in connections]
value = bytes(range(256)) * 100

for number, file in enumerate(files):
    file.write(b"set key-%d 0 0 %d\r\n%s\r\n" % (number, len(value), value))
    file.flush()
for file in files:
    answer = file.readline()
    assert answer == b"STORED\r\n", answer
for number, file in enumerate(files):
    file.write(b"get key-%d\r\n" % ((number + 7) % len(files)))
    file.flush()
for number, file in enumerate(files):
    head = b"VALUE key-%d 0 %d\r\n" % ((number + 7) % len(files), len(value))
    answer = file.read(len(head) + len(value) + 7)
    assert answer == head + value + b"\r\nEND\r\n", answer[:80]

udp = socket.socket(connections[0].family, socket.SOCK_DGRAM)
udp.settimeout(1)
udp.connect((host, 11211))
for attempt in range(30):
    udp.send(b"\0%c\0\0\0\x01\0\0version\r\n" % attempt)
    try:
        answer = udp.recv(2000)
    except TimeoutError:
        continue
    assert answer[8:].startswith(b"VERSION "), answer
    break
else:
    raise SystemExit("no answer by UDP")
print("all as expected")
