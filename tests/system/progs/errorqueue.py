# SPDX-License-Identifier: MIT
"""Errors of datagram sockets as poll(2) and the error queue tell of them (IP_RECVERR): a UDP socket
whose peer is not there, through dup() and epoll too, and a raw one that goes on sending. Times of
sending, which come the same way. A filter that chooses among sockets of one port."""

import os
import select
import socket
import struct
from ctypes import addressof, create_string_buffer

IP_RECVERR = 11
ERRQUEUE = 0x2000


def poll(sock, wait=500):
    waiter = select.poll()
    waiter.register(sock, select.POLLIN)
    return [events & (select.POLLIN | select.POLLERR) for _, events in waiter.poll(wait)]


def error_of(sock):
    try:
        return sock.recvmsg(100, 500, ERRQUEUE)[0]
    except OSError as error:
        return error.errno


for round in range(3):
    sock = socket.socket(type=socket.SOCK_DGRAM)
    epoll = select.epoll()
    epoll.register(sock, select.EPOLLIN)
    sock.setsockopt(0, IP_RECVERR, 1)
    copy = os.dup(sock.fileno())
    print(poll(sock, 0), epoll.poll(0) == [])
    sock.sendto(b"one", ("127.0.0.1", 9))
    print(poll(sock), [events for _, events in epoll.poll(0.5)])
    print(poll(sock), error_of(sock), poll(sock, 50), error_of(sock))
    sock.sendto(b"two", ("127.0.0.1", 9))
    poll(sock)
    print(sock.getsockopt(1, 4), error_of(sock), sock.getsockopt(1, 4), poll(sock, 50))
    server = socket.socket(type=socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    sock.sendto(b"three", server.getsockname())
    data, peer = server.recvfrom(100)
    server.sendto(data, peer)
    print(poll(sock), sock.recv(100))
    sock.close()
    os.close(copy)
    epoll.close()

sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
sock.setsockopt(0, IP_RECVERR, 1)
sock.bind(("127.0.0.5", 0))
sock.connect(("127.0.0.1", 0))
print([sock.send(b"%08d" % i) for i in range(3)], poll(sock))
print([error_of(sock) for _ in range(3)], poll(sock, 50), error_of(sock))

# Times of sending: TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY.
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.setsockopt(1, 37, 0x2 | 0x10 | 0x80 | 0x800)
sock.bind(("127.0.0.1", 0))
for round in range(2):
    sock.sendto(b"stamped", sock.getsockname())
    print([events & select.POLLERR for events in poll(sock)])
    print([piece[:2] + (len(piece[2]),) for piece in sock.recvmsg(9, 500, ERRQUEUE)[1]])
    print(poll(sock), sock.recvfrom(100)[0], error_of(sock))

# Who of a group gets a packet: the filter says "the second".
first, second = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
for member in first, second:
    member.setsockopt(1, socket.SO_REUSEPORT, 1)
    member.bind(first.getsockname() if member is second else ("127.0.0.1", 0))
code = create_string_buffer(struct.pack("HBBI", 6, 0, 0, 1))
first.setsockopt(1, 51, struct.pack("HL", 1, addressof(code)))
for i in range(10):
    sock.sendto(b"x", first.getsockname())
print(sum(second.recv(10) == b"x" for _ in range(10)), poll(first, 0))
