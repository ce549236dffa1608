# SPDX-License-Identifier: MIT
"""TCP Fast Open as programs use it.

    fastopen.py serve COUNT     answers each connection with what it got, and whether in its SYN
    fastopen.py client HOST     opens connections in all ways, and says what came of each
    fastopen.py web COUNT       a web server, for curl
    fastopen.py both            server and client on one host
"""

import os
import select
import socket
import sys

PORT = 8080
TCP = socket.IPPROTO_TCP
FASTOPEN_CONNECT = 30
SYN_DATA = 32


def syn_data(s):
    return bool(s.getsockopt(TCP, socket.TCP_INFO, 8)[5] & SYN_DATA)


def client_fail(s):
    return s.getsockopt(TCP, socket.TCP_INFO, 8)[7] >> 1 & 3


def listener(family=socket.AF_INET):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", PORT))
    s.setsockopt(TCP, socket.TCP_FASTOPEN, 5)
    s.listen()
    return s


def serve(s, count):
    for _ in range(count):
        c = s.accept()[0]
        size = 0
        while data := c.recv(65536):
            size += len(data)
        c.sendall(b"%d %d" % (size, syn_data(c)))
        c.close()


def finish(s, what, *more):
    s.shutdown(socket.SHUT_WR)
    print(what, *more, s.recv(100).decode(), syn_data(s), client_fail(s), flush=True)
    s.close()


def attempt(what, call):
    try:
        print(what, call(), flush=True)
    except OSError as error:
        print(what, error.strerror, flush=True)


def client(host):
    family, kind, _, _, to = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)[0]

    def new():
        return socket.socket(family, kind)

    for what, size in (("first", 10), ("second", 10), ("large", 100000), ("empty", 0)):
        s = new()
        sent = s.sendto(b"x" * size, socket.MSG_FASTOPEN, to)
        s.sendall(b"x" * (size - sent))
        finish(s, what)
    s = new()
    attempt("message", lambda: s.sendmsg([b"abc", b"defg"], [], socket.MSG_FASTOPEN, to))
    attempt("again", lambda: s.sendto(b"x", socket.MSG_FASTOPEN, to))
    finish(s, "message")
    s = new()
    s.setblocking(False)
    attempt("nonblocking", lambda: s.sendto(b"abc", socket.MSG_FASTOPEN, to))
    select.select([], [s], [])
    s.setblocking(True)
    finish(s, "nonblocking")
    s = new()
    s.setsockopt(TCP, FASTOPEN_CONNECT, 1)
    s.connect(to)
    s.setblocking(False)  # or Linux waits for the connection, which nobody makes
    attempt("connect", lambda: s.connect(to))
    s.setblocking(True)
    print("writable", len(select.select([], [s], [], 1)[1]), flush=True)
    s.sendall(b"hello")
    finish(s, "deferred")
    s = new()
    attempt("refused", lambda: s.sendto(b"abc", socket.MSG_FASTOPEN, (to[0], 9) + to[2:]))
    attempt("after", lambda: s.sendto(b"abc", socket.MSG_FASTOPEN, to))
    finish(s, "after")


def web(count):
    s = listener()
    for _ in range(count):
        c = s.accept()[0]
        request = c.recv(65536)
        c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n%d\n" % syn_data(c))
        assert request.startswith(b"GET ")
        c.close()


def main():
    if sys.argv[1] == "serve":
        serve(listener(socket.AF_INET6), int(sys.argv[2]))
    elif sys.argv[1] == "web":
        web(int(sys.argv[2]))
    elif sys.argv[1] == "client":
        client(sys.argv[2])
    else:
        s = listener()
        if os.fork() == 0:
            serve(s, 9)
            os._exit(0)
        s.close()
        client("127.0.0.1")


main()
