# SPDX-License-Identifier: MIT
"""What programs see when the network fails them: errors.py CASE ARGUMENTS. Each case ends
with "ok", or with the assertion that did not hold."""

import ctypes
import errno
import os
import select
import signal
import socket
import struct
import sys
import time

ANY = os.environ["ANY"]
LISTENING = socket.AF_INET6 if ":" in ANY else socket.AF_INET
FAMILY = socket.AF_INET6 if os.environ["FAMILY"] == "ipv6" else socket.AF_INET
NOWHERE = "2001:db8::7" if FAMILY == socket.AF_INET6 else "192.0.2.7"
REFUSED, UNREACHABLE = errno.ECONNREFUSED, errno.EHOSTUNREACH


def stream(timeout=None):
    made = socket.socket(FAMILY, socket.SOCK_STREAM)
    made.settimeout(timeout)
    return made


def expect(error, call, *args, carried=None):
    """The call must fail with this errno, or with `carried`: what berth cannot help that the
    kernel answers for a carrier (docs/limits.md)."""
    try:
        result = call(*args)
    except OSError as caught:
        assert caught.errno in (error, carried), f"{caught} instead of {errno.errorcode[error]}"
    else:
        raise AssertionError(f"{result} instead of {errno.errorcode[error]}")


def socket_error(made):
    return made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def refused(host):
    """Nobody listens: blocking, non-blocking, and again on the same socket."""
    made = stream()
    expect(REFUSED, made.connect, (host, 1))
    expect(REFUSED, made.connect, (host, 2))
    made.connect((host, 7000))
    assert made.recv(1) == b"x"
    made = stream()
    made.setblocking(False)
    assert made.connect_ex((host, 1)) == errno.EINPROGRESS
    poll = select.poll()
    poll.register(made, select.POLLOUT)
    (_, events), = poll.poll(10000)
    assert events & select.POLLERR and events & select.POLLHUP, events
    assert socket_error(made) == REFUSED
    assert socket_error(made) == 0


def refused_again(host):
    """An error that nobody asked for is the next connect's; epoll goes on watching the socket,
    under the number that it knows."""
    made = stream()
    made.setblocking(False)
    poll = select.epoll()
    poll.register(made, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    poll.poll(0)
    assert made.connect_ex((host, 1)) == errno.EINPROGRESS
    (number, events), = poll.poll(10)
    assert number == made.fileno() and events & select.EPOLLERR, events
    assert made.connect_ex((host, 7000)) == REFUSED
    assert made.connect_ex((host, 7000)) == errno.EINPROGRESS
    seen = 0
    while not seen & select.EPOLLIN:
        (number, events), = poll.poll(10)
        assert number == made.fileno(), number
        seen |= events
    assert made.recv(1) == b"x"
    poll.modify(made, select.EPOLLOUT)
    assert poll.poll(10) == [(made.fileno(), select.EPOLLOUT)]
    poll.unregister(made)
    made = stream()
    made.setblocking(False)
    assert made.connect_ex((host, 1)) == errno.EINPROGRESS
    select.select([], [made], [], 10)
    assert socket_error(made) == REFUSED
    assert made.connect_ex((host, 7000)) == errno.ECONNABORTED
    assert made.connect_ex((host, 7000)) == errno.EINPROGRESS


def connected(host):
    """A non-blocking connect that succeeds, and the states around it."""
    made = stream()
    made.setblocking(False)
    expect(errno.ENOTCONN, made.getpeername)
    assert made.connect_ex((host, 7000)) == errno.EINPROGRESS
    assert select.select([], [made], [], 10)[1]
    assert socket_error(made) == 0
    assert made.getpeername()[1] == 7000
    assert made.connect_ex((host, 7000)) == 0  # Linux tells of the end of connecting once
    assert made.connect_ex((host, 7000)) == errno.EISCONN


def unreachable(absent):
    """An address of the subnet that no host has, and one of no subnet."""
    start = time.monotonic()
    expect(UNREACHABLE, stream().connect, (absent, 80))
    assert time.monotonic() - start < 10
    expect(errno.ENETUNREACH, stream().connect, (NOWHERE, 80))
    udp = socket.socket(FAMILY, socket.SOCK_DGRAM)
    expect(errno.ENETUNREACH, udp.sendto, b"x", (NOWHERE, 80))


def udp_refused(host):
    """The port-unreachable message reaches the connected socket."""
    udp = socket.socket(FAMILY, socket.SOCK_DGRAM)
    udp.connect((host, 1))
    for _ in range(20):
        try:
            udp.send(b"x")
        except ConnectionRefusedError:
            return
        time.sleep(0.2)
        if socket_error(udp) == REFUSED:
            return
    raise AssertionError("nobody was told")


def timeouts(host):
    """SO_RCVTIMEO on a silent peer; a poll that times out; settimeout."""
    made = stream()
    made.connect((host, 7000))
    assert made.recv(1) == b"x"
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 300000))
    start = time.monotonic()
    expect(errno.EAGAIN, made.recv, 1)
    assert 0.25 < time.monotonic() - start < 3
    poll = select.poll()
    poll.register(made, select.POLLIN)
    assert not poll.poll(100)
    made.settimeout(0.2)
    try:
        made.recv(1)
    except TimeoutError:
        pass
    else:
        raise AssertionError("no time-out")


def cut_off(host):
    """Nobody answers any more: connecting and being connected both end in ETIMEDOUT."""
    made = stream()
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2500)
    alive = stream()
    alive.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    alive.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    alive.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    alive.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    for one in (made, alive):
        one.connect((host, 7000))
        assert one.recv(1) == b"x"
    time.sleep(2.5)  # the partition comes
    made.send(b"into the void")
    attempt = stream()
    attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    expect(errno.ETIMEDOUT, attempt.connect, (host, 7000))
    attempt = stream(0.5)
    try:
        attempt.connect((host, 7000))
    except TimeoutError:
        pass
    else:
        raise AssertionError("connected through a partition")
    for one in (made, alive):
        poll = select.poll()
        poll.register(one, select.POLLIN)
        (_, events), = poll.poll(20000)
        assert events & select.POLLERR, events
        assert socket_error(one) == errno.ETIMEDOUT


def healed(host):
    """A transfer stands still during a partition and goes on after it."""
    made = stream(60)
    made.connect((host, 7000))
    assert made.recv(1) == b"x"
    longest = 0.0
    for _ in range(100):
        start = time.monotonic()
        made.sendall(b"y" * 100)
        left = 100
        while left > 0:
            data = made.recv(left)
            assert data
            left -= len(data)
        longest = max(longest, time.monotonic() - start)
        time.sleep(0.05)
    assert longest > 1, longest


def overflow(host, at_once=10):
    """More connections than the backlog wait; all are served once the server accepts. On a
    slow network all may look connected, since only the last step of some was ignored."""
    made = [stream() for _ in range(10)]
    for one in made:
        one.setblocking(False)
        one.connect_ex((host, 7001))
    time.sleep(1.0)
    _, ready, _ = select.select([], made, [], 0)
    assert 1 <= len(ready) <= at_once, len(ready)
    for one in made:
        one.settimeout(60)
        assert select.select([], [one], [], 60)[1]  # once the queue has room
        assert socket_error(one) == 0
        one.sendall(b"y")  # whoever got a SYN cookie must bring it back
    for one in made:
        assert one.recv(1) == b"x"
        assert one.recv(1) == b"y"


def overflow_at_once(host):
    """Where the last step comes at once, the backlog shows."""
    overflow(host, 4)


def reset(host):
    """A reset reaches a blocked recv, a poll and a send."""
    made = stream(30)
    made.connect((host, 7002))
    expect(errno.ECONNRESET, made.recv, 1)
    made = stream(30)
    made.connect((host, 7002))
    poll = select.poll()
    poll.register(made, select.POLLIN | select.POLLRDHUP)
    (_, events), = poll.poll(30000)
    assert events & select.POLLHUP and events & select.POLLERR, events
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    expect(errno.ECONNRESET, made.send, b"x", carried=errno.EPIPE)
    expect(errno.EPIPE, made.send, b"x")
    made = stream(30)
    made.connect((host, 7002))
    made.shutdown(socket.SHUT_WR)  # no end of the stream is what comes then
    expect(errno.ECONNRESET, made.recv, 1)


def unread(host):
    """A peer that closes with data unread resets."""
    made = stream(30)
    made.connect((host, 7003))
    made.sendall(b"z" * 1000)
    expect(errno.ECONNRESET, recv_all, made)


def recv_all(made):
    while made.recv(1000):
        pass


def peer_killed(host):
    """The peer's process dies by SIGKILL: its kernel finishes the connection in order."""
    made = stream(30)
    made.connect((host, 7004))
    while data := made.recv(1000):
        assert data.strip(b"x") == b""


def half_close(host):
    """After shutdown(SHUT_WR) the other direction goes on; SIGPIPE for those who write."""
    made = stream(30)
    made.connect((host, 7000))
    assert made.recv(1) == b"x"
    made.sendall(b"q" * 5000)
    made.shutdown(socket.SHUT_WR)
    expect(errno.EPIPE, made.send, b"x")
    got = b""
    while data := made.recv(65536):
        got += data
    assert got == b"q" * 5000


def bad_arguments(host):
    """What is wrong already in the call itself."""
    del host
    made = stream()
    expect(errno.EINVAL, socket.socket(FAMILY, socket.SOCK_STREAM).accept)
    expect(errno.EPIPE, made.send, b"x", carried=errno.ENOTCONN)
    expect(errno.ENOTCONN, made.recv, 1, carried=errno.EINVAL)
    expect(errno.ENOTCONN, made.getpeername)
    expect(errno.ENOTCONN, made.shutdown, socket.SHUT_RDWR)
    expect(errno.EADDRNOTAVAIL, made.bind, (NOWHERE, 80))
    made.bind(("", 9999))
    made.listen()
    other = stream()
    expect(errno.EADDRINUSE, other.bind, ("", 9999))
    expect(errno.ENOPROTOOPT, made.setsockopt, socket.IPPROTO_TCP, 999, 1)
    expect(errno.EPROTONOSUPPORT, socket.socket, FAMILY, socket.SOCK_STREAM,
           socket.IPPROTO_UDP)
    other.setblocking(False)
    expect(errno.EINVAL, other.recvfrom, 1, socket.MSG_OOB)
    expect(errno.EAGAIN, other.recvfrom, 1, 0x2000)  # MSG_ERRQUEUE
    recvmmsg_timeouts()
    os.close(made.detach())


def recvmmsg_timeouts():
    """A bad timeout is refused before anything is waited for."""
    libc = ctypes.CDLL(None, use_errno=True)
    made = socket.socket(FAMILY, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    header = ctypes.create_string_buffer(64)
    for timeout, error in ((ctypes.c_void_p(8), errno.EFAULT),
                           (struct.pack("qq", -1, 0), errno.EINVAL),
                           (struct.pack("qq", 0, 10**9), errno.EINVAL),
                           (struct.pack("qq", 1, 0), errno.EAGAIN)):
        assert libc.recvmmsg(made.fileno(), header, 1, 0, timeout) == -1
        assert ctypes.get_errno() == error, (timeout, ctypes.get_errno())


def listener(port, backlog=100):
    """Of both families where the address to bind to is IPv6's."""
    return socket.create_server((ANY, port), family=LISTENING, backlog=backlog,
                                dualstack_ipv6=LISTENING == socket.AF_INET6)


def serve():
    """Ports: 7000 says x and echoes, 7001 accepts late with a short queue, 7002 resets, 7003
    closes without reading, 7004 is served by a process that gets killed."""
    if os.fork() == 0:
        serve_killed()
    listeners = {port: listener(port, backlog=1 if port == 7001 else 100)
                 for port in (7002, 7003, 7001, 7000)}
    opened = time.monotonic()
    while True:
        late = time.monotonic() - opened > 4
        if late:
            listeners[7001].listen(100)
        wanted = [made for port, made in listeners.items() if port != 7001 or late]
        for made in select.select(wanted, [], [], 0.5)[0]:
            connection, _ = made.accept()
            if os.fork() == 0:
                serve_one(made.getsockname()[1], connection)
                os._exit(0)
            connection.close()
            while True:
                try:
                    if os.waitpid(-1, os.WNOHANG)[0] == 0:
                        break
                except ChildProcessError:
                    break


def serve_one(port, connection):
    if port in (7000, 7001):
        connection.sendall(b"x")
        while data := connection.recv(65536):
            connection.sendall(data)
    elif port == 7002:
        time.sleep(0.5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif port == 7003:
        select.select([connection], [], [], 10)
    connection.close()


def serve_killed():
    connection, _ = listener(7004).accept()
    connection.sendall(b"x")
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        globals()[sys.argv[1]](sys.argv[2])
        print("ok")
