# SPDX-License-Identifier: MIT
"""groups.py send|listen GROUP [SOURCE]: says something to a group and counts who heard it; or joins
it (hearing SOURCE alone), prints what was said and by whom, and answers."""

import socket
import struct
import sys

PORT = 5000
role, group = sys.argv[1:3]
family = socket.AF_INET6 if ":" in group else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
eth0 = socket.if_nametoindex("eth0")

if role == "listen":
    s.bind(("", PORT))
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                     socket.inet_pton(family, group) + struct.pack("@I", eth0))
    elif len(sys.argv) > 3:  # IP_ADD_SOURCE_MEMBERSHIP: group, interface, source
        s.setsockopt(socket.IPPROTO_IP, 39, socket.inet_aton(group) + socket.inet_aton("0.0.0.0")
                     + socket.inet_aton(sys.argv[3]))
    elif group != "255.255.255.255":
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton(group) + socket.inet_aton("0.0.0.0"))
    s.settimeout(20)
    data, peer = s.recvfrom(100)
    print(data.decode(), "from", peer[0])
    s.sendto(b"heard", peer)
else:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, eth0)
    heard = set()
    s.settimeout(1)
    for _ in range(15):
        s.sendto(b"hello", (group, PORT))
        try:
            while True:
                heard.add(s.recvfrom(100)[1][0])
        except TimeoutError:
            pass
        if len(heard) >= int(sys.argv[3]):
            break
    print(" ".join(sorted(heard)))
