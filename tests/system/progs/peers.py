# SPDX-License-Identifier: MIT
"""Who is at the other end, as programs ask: process numbers and credentials. Prints what the kernel
prints for the same program; process numbers are told by whose they are."""

import os
import socket
import struct

NAMES = {0: "nobody", os.getpid(): "parent"}


def credentials(made):
    pid, uid, gid = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    ids = ["ours" if uid == os.getuid() else uid, "ours" if gid == os.getgid() else gid]
    return NAMES.get(pid, f"stranger {pid}"), *ids


def say(what, call):
    try:
        print(what, call(), flush=True)
    except OSError as error:
        print(what, error.strerror, flush=True)


def option(made, name, size):
    return made.getsockopt(socket.SOL_SOCKET, name, size)


def inet(kind):
    """A connection, or flow, on localhost has no process at its other end."""
    server = socket.socket(socket.AF_INET, kind)
    server.bind(("127.0.0.1", 0))
    say("unconnected", lambda: credentials(server))
    client = socket.socket(socket.AF_INET, kind)
    if kind == socket.SOCK_STREAM:
        server.listen()
        say("listening", lambda: credentials(server))
    client.connect(server.getsockname())
    accepted = server.accept()[0] if kind == socket.SOCK_STREAM else server
    for end in (client, accepted):
        say("joined", lambda end=end: credentials(end))
        say("groups", lambda end=end: option(end, 59, 64))  # SO_PEERGROUPS
        say("domain", lambda end=end: option(end, socket.SO_DOMAIN, 4))
    say("credentials sent", lambda: client.sendmsg(
        [b"x"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS,
                  struct.pack("3i", os.getpid(), os.getuid(), os.getgid()))]))
    say("received", lambda: accepted.recvmsg(10, 100)[1])


def unix():
    """AF_UNIX is the kernel's own: the peer is the program, and not berth."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind("socket")
    server.listen()
    pid = os.fork()
    if pid == 0:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect("socket")
        say("child's", lambda: credentials(client))
        os._exit(0)
    NAMES[pid] = "child"
    accepted = server.accept()[0]
    os.waitpid(pid, 0)
    say("parent's", lambda: credentials(accepted))
    os.unlink("socket")
    say("pair's", lambda: credentials(socket.socketpair()[0]))


def numbers():
    """Processes have the numbers that they have outside."""
    with open("/proc/self/stat", encoding="ascii") as stat:
        print("self", int(stat.read().split()[0]) == os.getpid())
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, struct.pack("2i", os.getpid(), os.getppid()))
        os._exit(0)
    told = struct.unpack("2i", os.read(read, 8))
    print("child", told == (pid, os.getpid()), os.waitpid(pid, 0)[0] == pid)


inet(socket.SOCK_STREAM)
inet(socket.SOCK_DGRAM)
unix()
numbers()
