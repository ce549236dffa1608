# SPDX-License-Identifier: MIT
"""Carried descriptors taken around: descriptors.py CASE. Each case ends with "ok"."""

import array
import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

DATA = hashlib.shake_256(b"descriptors").digest(300_000)


def pair():
    """Both ends of a connection on localhost."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        return client, server.accept()[0]


def read_all(made):
    got = b""
    while data := made.recv(65536):
        got += data
    return got


def passed():
    """A listener and a connection go to another process by SCM_RIGHTS; it serves both."""
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    client, connection = pair()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        for made in (client, connection, server):
            made.close()
        ancillary = theirs.recvmsg(1, socket.CMSG_SPACE(8))[1]
        fds = array.array("i", ancillary[0][2])
        listener, late = (socket.socket(fileno=fd) for fd in fds)
        assert listener.getsockname() == address
        late.sendall(DATA)
        late.close()
        accepted = listener.accept()[0]
        accepted.sendall(DATA[::-1])
        os._exit(0)
    theirs.close()
    socket.send_fds(ours, [b"x"], [server.fileno(), connection.fileno()])
    server.close()
    connection.close()
    assert read_all(client) == DATA
    with socket.create_connection(address) as second:
        assert read_all(second) == DATA[::-1]
    assert os.waitpid(pid, 0)[1] == 0


def executed():
    """A program started by exec has a connection as its standard input and output."""
    client, connection = pair()
    child = subprocess.Popen(["sha256sum"], stdin=connection, stdout=connection)
    connection.close()
    client.sendall(DATA)
    client.shutdown(socket.SHUT_WR)
    assert read_all(client).split()[0].decode() == hashlib.sha256(DATA).hexdigest()
    assert child.wait() == 0


def doubled():
    """The connection ends when the last copy is closed, in whatever process, not before."""
    client, connection = pair()
    copy = connection.dup()
    pid = os.fork()
    if pid == 0:
        client.close()
        signal.pause()
    connection.close()
    assert not select.select([client], [], [], 0.3)[0]
    copy.close()
    assert not select.select([client], [], [], 0.3)[0]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert client.recv(1) == b""


def moved():
    """sendfile, splice and writev."""
    with open("data", "w+b") as file:
        file.write(DATA)
        file.flush()
        client, connection = pair()
        got = []
        reader = threading.Thread(target=lambda: got.append(read_all(client)))
        reader.start()
        sent = 0
        while sent < len(DATA):
            sent += os.sendfile(connection.fileno(), file.fileno(), sent, len(DATA) - sent)
        source, sink = os.pipe()
        os.write(sink, DATA[:5000])
        assert os.splice(source, connection.fileno(), 5000) == 5000
        assert os.writev(connection.fileno(), [DATA[:10], DATA[10:30]]) == 30
        connection.close()
        reader.join()
    assert got[0] == DATA + DATA[:5000] + DATA[:30]


def replaced():
    """A call that waits goes on when its descriptor becomes another file, and ends as it would."""
    null = os.open("/dev/null", os.O_RDWR)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        server = socket.socket(socket.AF_INET, kind)
        server.bind(("127.0.0.1", 0))
        address = server.getsockname()
        if kind == socket.SOCK_STREAM:
            server.listen()
        number = server.fileno()
        got = []

        def wait(server=server, stream=kind == socket.SOCK_STREAM, got=got):
            got.append(server.accept() if stream else server.recvfrom(10))

        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.2)
        os.dup2(null, number)
        time.sleep(0.3)
        assert waiter.is_alive() and os.fstat(number).st_rdev == os.fstat(null).st_rdev
        client = socket.socket(socket.AF_INET, kind)
        client.connect(address)
        assert client.send(b"x") == 1
        waiter.join()
        if kind == socket.SOCK_STREAM:
            assert got[0][0].recv(10) == b"x"
        else:
            assert got[0][0] == b"x"
        server.detach()
        time.sleep(0.1)
        late = socket.socket(socket.AF_INET, kind)  # now there is nobody any more
        try:
            late.connect(address)
            late.send(b"x")
            time.sleep(0.1)
            late.sendto(b"x", address)
            raise AssertionError("somebody is still there")
        except ConnectionRefusedError:
            pass


globals()[sys.argv[1]]()
print("ok")
