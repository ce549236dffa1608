# SPDX-License-Identifier: MIT
"""berth has no descriptors left: what is there goes on, what is asked for anew is refused with
ENFILE or ENOBUFS, and when some are free again all is as before. Ends with "ok"."""

import errno
import os
import select
import signal
import socket
import time


def expect(numbers, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno in numbers, error
    else:
        raise AssertionError("it worked")


def echo(client, server):
    client.sendall(b"ping")
    assert server.recv(10) == b"ping"
    server.sendall(b"pong")
    assert client.recv(10) == b"pong"


def take_all():
    """In a child: as many sockets as there are; then closes one and waits."""
    ready, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        held = []
        try:
            while True:
                held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        except OSError as error:
            os.write(theirs, b"%d %d" % (error.errno, len(held)))
        signal.signal(signal.SIGUSR1, lambda *_: (held.pop().close(), os.write(theirs, b"less")))
        while True:
            signal.pause()
    number, count = map(int, os.read(ready, 100).split())
    assert number == errno.ENFILE and count > 20, (number, count)
    return pid, ready


def connect_all(sockets):
    """Connects until that is refused; what is connected is left in the listener's queue."""
    made = []
    for one in sockets:
        try:
            one.connect(address)
        except OSError as error:
            assert error.errno == errno.ENOBUFS, error
            return made
        made.append(one)
    raise AssertionError("there was no end")


listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
client = socket.create_connection(address)
server = listener.accept()[0]
flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flow.bind(("127.0.0.1", 0))
spare = [socket.socket() for _ in range(12)]
time.sleep(1.2)  # berth holds a copy of each new one for a second

child, news = take_all()
queued = connect_all(spare)
for _ in range(3):
    echo(client, server)
    flow.sendto(b"x", flow.getsockname())
    assert flow.recvfrom(10) == (b"x", flow.getsockname())
    expect([errno.ENFILE], socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    expect([errno.ENOBUFS], spare[-1].connect, address)
    with socket.socketpair()[0], open("/dev/null", "rb"):
        pass

# One socket less is one connection more, or half of one, whose other end waits.
os.kill(child, signal.SIGUSR1)
assert os.read(news, 10) == b"less"
queued += connect_all(spare[len(queued):])
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
assert queued
spare[-1].connect(address)
for one in queued + spare[-1:]:
    assert select.select([listener], [], [], 5)[0]
    echo(one, listener.accept()[0])
echo(client, server)
more = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
print("ok")
