# SPDX-License-Identifier: MIT
"""Two hosts' traffic that others must not disturb.

    steady.py serve
    steady.py fetch SERVER STOPFILE: until the file is there, fetches what hashes to what it says it
        does, and echoes datagrams; prints how often it did.
"""

import hashlib
import os
import socket
import sys
import threading
import time

BYTES = 300000


def answer(conn):
    with conn:
        seed = conn.recv(8)
        data = hashlib.shake_256(seed).digest(BYTES)
        conn.sendall(data + hashlib.sha256(data).digest())


def echo(sock):
    while True:
        data, peer = sock.recvfrom(2000)
        sock.sendto(data, peer)


def serve():
    listener = socket.create_server(("::", 7), family=socket.AF_INET6, dualstack_ipv6=True)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", 7))
    threading.Thread(target=echo, args=(datagrams,), daemon=True).start()
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def fetch_once(server, number):
    with socket.create_connection((server, 7), timeout=20) as conn:
        seed = number.to_bytes(8, "big")
        conn.sendall(seed)
        got = b""
        while piece := conn.recv(1 << 16):
            got += piece
        data = hashlib.shake_256(seed).digest(BYTES)
        assert got == data + hashlib.sha256(data).digest(), (number, len(got))


def echo_once(sock, number):
    for _ in range(20):  # datagrams may be lost
        sock.send(b"%d" % number)
        try:
            while True:
                if sock.recv(2000) == b"%d" % number:
                    return
        except TimeoutError:
            pass
    raise AssertionError(f"no echo of {number}")


def fetch(server, stop):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.settimeout(1)
    datagrams.connect((server, 7))
    count = 0
    while not os.path.exists(stop):
        fetch_once(server, count)
        echo_once(datagrams, count)
        count += 1
        time.sleep(0.02)
    print("steady", count)


if sys.argv[1] == "serve":
    serve()
else:
    fetch(sys.argv[2], sys.argv[3])
