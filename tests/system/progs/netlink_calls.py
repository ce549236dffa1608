# SPDX-License-Identifier: MIT
"""AF_NETLINK by the calls, plain ones and those with addresses; test_netlink.py compares what the
kernel and berth answer."""

import errno
import os
import select
import socket
import struct

RTM_GETLINK, RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR = 18, 22, 20, 21
REQUEST, ACK, DUMP, CREATE = 1, 4, 0x300, 0x400
SOL_NETLINK = 270


def netlink(kind=socket.SOCK_RAW, protocol=0):
    return socket.socket(socket.AF_NETLINK, kind, protocol)


def message(kind, flags, body, seq=1):
    return struct.pack("IHHII", 16 + len(body), kind, flags, seq, 0) + body


def link(index):
    return struct.pack("BxHiII", 0, 0, index, 0, 0)


def kinds(data):
    found = []
    while len(data) >= 16:
        length, kind = struct.unpack_from("IH", data)
        found.append(kind)
        data = data[(length + 3) & ~3:]
    return found


def attempt(what, call):
    try:
        print(what, call())
    except OSError as error:
        print(what, errno.errorcode[error.errno])


s = netlink()
attempt("fresh", s.getsockname)
s.bind((0, 0))
print("own number", s.getsockname()[0] == os.getpid())
other = netlink(socket.SOCK_DGRAM)
other.bind((0, 1))
print("another", other.getsockname()[0] != os.getpid(), other.getsockname()[1])
attempt("taken", lambda: netlink().bind((os.getpid(), 0)))
attempt("again", lambda: s.bind((4711, 0)))
attempt("peer", s.getpeername)
attempt("stream", lambda: netlink(socket.SOCK_STREAM))
attempt("protocol", lambda: netlink(protocol=31))
attempt("listen", s.listen)
attempt("shutdown", lambda: s.shutdown(socket.SHUT_RD))
print("domain", s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN),
      s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL),
      s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))

s.send(message(RTM_GETLINK, REQUEST, link(1)))
size = s.recv_into(bytearray(1), 1, socket.MSG_PEEK | socket.MSG_TRUNC)
print("peeked", size > 500)
data, _, flags, sender = s.recvmsg(0, 0, socket.MSG_PEEK | socket.MSG_TRUNC)
print("peeked", flags & socket.MSG_TRUNC != 0, sender)
data = s.recv(65536)
print("one", kinds(data), len(data) == size)
s.sendto(message(RTM_GETLINK, REQUEST, link(1)), (0, 0))
print("from", s.recvfrom(100)[1])
attempt("empty", lambda: s.recv(100, socket.MSG_DONTWAIT))
s.sendto(message(RTM_GETLINK, REQUEST | ACK, link(99)), (0, 0))
data = s.recv(65536)
print("error", struct.unpack_from("i", data, 16)[0], len(data))

# A plain send, and a poll that waits.
s.send(message(RTM_GETADDR, REQUEST | DUMP, bytes(8)))
poll = select.poll()
poll.register(s, select.POLLIN)
seen = []
while 3 not in seen and poll.poll(2000) == [(s.fileno(), select.POLLIN)]:
    seen += kinds(s.recv(65536))
print("dump", sorted(set(seen)))

# Groups, and who is told.
watcher = netlink()
watcher.bind((0, 0))
watcher.setsockopt(SOL_NETLINK, 1, 5)  # RTNLGRP_IPV4_IFADDR
watcher.settimeout(3)
attempt("group", lambda: watcher.setsockopt(SOL_NETLINK, 1, 0))
attempt("strange", lambda: watcher.setsockopt(SOL_NETLINK, 99, 1))
body = struct.pack("BBBBI", 2, 24, 0, 0, socket.if_nametoindex("lo"))
body += struct.pack("HH4s", 8, 2, socket.inet_aton("10.99.0.1"))
s.send(message(RTM_NEWADDR, REQUEST | ACK | CREATE, body, 7))
print("done", struct.unpack_from("i", s.recv(1000), 16)[0])
data, sender = watcher.recvfrom(1000)
print("told", kinds(data), sender, struct.unpack_from("II", data, 8) == (7, os.getpid()))
s.send(message(RTM_DELADDR, REQUEST | ACK, body, 8))
print("done", struct.unpack_from("i", s.recv(1000), 16)[0])
print("told", kinds(watcher.recv(1000)))
