# SPDX-License-Identifier: MIT
"""Errors of datagram sockets as poll(2) and the error queue tell of them (IP_RECVERR): a UDP socket
whose peer is not there, through dup() and epoll too, and a raw one that goes on sending."""

import os
import select
import socket

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
