# SPDX-License-Identifier: MIT
"""Packet sockets on lo: prints what calls return, for a comparison of berth with the kernel. Not
asked: rings, and PACKET_AUXDATA's status, which differ on purpose."""

import ctypes
import socket
import struct

from rawlib import LOCALHOST, checksum, raw_call, received, result

SOL_PACKET = 263
ALL = 3
LO = 1


def name(ethertype, ifindex, addr=b"", family=17, halen=None):
    """A struct sockaddr_ll."""
    return struct.pack("=HHiHBB8s", family, socket.htons(ethertype), ifindex, 0, 0,
                       len(addr) if halen is None else halen, addr)


def packet(kind, ethertype=0):
    return socket.socket(socket.AF_PACKET, kind, socket.htons(ethertype))


def bind(sock, addr):
    return raw_call("bind", sock, addr, len(addr))


def send(sock, data, addr):
    return raw_call("sendto", sock, data, len(data), 0, addr, len(addr))


def told(call, sock):
    """The name that getsockname() or getpeername() gives, as bytes."""
    out = ctypes.create_string_buffer(64)
    size = ctypes.c_int(64)
    value = raw_call(call, sock, out, ctypes.byref(size))
    return value if value else (size.value, out.raw[:size.value].hex())


def datagram(data=b"abcd", port=5000):
    """An IPv4 packet with a UDP datagram without checksum, on lo."""
    local = b"\x7f\0\0\1"
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 7, 0, 9, 17, 0, local, local)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return head + struct.pack("!HHHH", 77, port, 8 + len(data), 0) + data


ETHER = b"\0" * 12 + b"\x08\0"


class Watch:
    """Sockets that see lo in every way, and one of UDP, at fixed ports so that checksums agree."""

    def __init__(self):
        self.bound = packet(socket.SOCK_RAW)
        bind(self.bound, name(ALL, LO))
        self.cooked = packet(socket.SOCK_DGRAM, 0x800)
        self.all = packet(socket.SOCK_RAW, ALL)
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((LOCALHOST, 5000))
        self.udp.settimeout(0.2)
        self.sender = socket.socket(type=socket.SOCK_DGRAM)
        self.sender.bind((LOCALHOST, 5001))
        self.sender.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK: lo leaves them undone

    def show(self, *more):
        for sock in (self.bound, self.cooked, self.all, *more):
            seen = []
            while got := received(sock, wait=0.05):
                seen.append((got[0][:120], len(got[0]), got[1]))
            print("   sees", seen)


def kinds():
    for kind in range(1, 6):
        for protocol in (0, 3, 0x300, 0x10000, -1):
            made = result(socket.socket, socket.AF_PACKET, kind, protocol)
            print("socket", kind, protocol, made if isinstance(made, str) else "made")


def names():
    a = packet(socket.SOCK_RAW)
    print(told("getsockname", a), told("getpeername", a),
          raw_call("connect", a, name(ALL, LO), 20), result(a.listen), result(a.shutdown, 2),
          result(a.accept))
    for addr in (name(ALL, LO)[:18], name(ALL, LO, family=2), name(ALL, 99), name(ALL, -1),
                 name(0, LO), name(ALL, LO), name(0, LO), name(0x800, 0)):
        print("bind", bind(a, addr), told("getsockname", a))
    print(told("getsockname", packet(socket.SOCK_DGRAM, 0x800)))


def options():
    a = packet(socket.SOCK_RAW, ALL)
    for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 16, 17, 19, 20, 22, 23, 25):
        print("get", number, result(a.getsockopt, SOL_PACKET, number),
              result(a.getsockopt, SOL_PACKET, number, 64))
    for number in (3, 7, 8, 9, 14, 16, 17, 19, 20, 23):
        print("set", number, [result(a.setsockopt, SOL_PACKET, number, value)
                              for value in (1, 0, b"\1", 7, 0)])
    print([result(a.setsockopt, level, 1, 1) for level in (262, 0, 6)],
          [result(a.getsockopt, level, 1) for level in (262, 0, 6)])
    for level, number in ((1, 3), (1, 38), (1, 39), (1, 8), (1, 2), (1, 4), (1, 30), (1, 25)):
        print("option", level, number, result(a.getsockopt, level, number))


def memberships():
    a = packet(socket.SOCK_RAW, ALL)

    def mreq(ifindex, kind, alen, addr=b"\1\0\x5e\0\0\1"):
        return struct.pack("iHH8s", ifindex, kind, alen, addr)

    for value in (mreq(1, 0, 6), mreq(1, 1, 0), mreq(1, 2, 0), mreq(1, 3, 6), mreq(1, 9, 0),
                  mreq(99, 1, 0), mreq(1, 0, 5), mreq(1, 0, 7), mreq(1, 1, 6)[:12],
                  mreq(0, 1, 0), mreq(1, 1, 0)):
        print("add", result(a.setsockopt, SOL_PACKET, 1, value))
    for value in (mreq(1, 0, 6), mreq(1, 1, 0), mreq(1, 1, 0), mreq(1, 1, 0), mreq(99, 1, 0),
                  mreq(1, 0, 6, b"abcdef"), mreq(1, 1, 6)[:12]):
        print("drop", result(a.setsockopt, SOL_PACKET, 2, value))


def seeing():
    w = Watch()
    print(w.sender.sendto(b"hello", (LOCALHOST, 5000)), w.udp.recv(10))
    w.show()
    print([result(w.bound.getsockopt, SOL_PACKET, 6, size) for size in (8, 8, 4, 100)])
    w.sender.sendto(b"hello", (LOCALHOST, 5000))
    received(w.all)
    print(len(w.cooked.recv(4, 0x22)), result(w.cooked.recvmsg, 4)[2],
          result(w.cooked.recv, 4, 0x40), result(w.cooked.recvmsg, 4, 0, 0x2040))
    w.cooked.setsockopt(SOL_PACKET, 23, 1)
    w.bound.setsockopt(SOL_PACKET, 23, 1)  # PACKET_IGNORE_OUTGOING
    w.all.close()
    w.all = packet(socket.SOCK_DGRAM, ALL)
    w.sender.sendto(b"again", (LOCALHOST, 5000))
    w.show()


def sending():
    w = Watch()
    a = packet(socket.SOCK_RAW)
    frame = ETHER + datagram()
    for data, addr in ((frame, name(0x800, LO)), (frame, name(0x800, LO)[:19]),
                       (frame, name(0x800, 0)), (frame, name(0x800, 77)),
                       (frame, name(0x800, LO, family=2)), (ETHER[:13], name(0x800, LO)),
                       (ETHER, name(0x800, LO)), (b"", name(0x800, LO)),
                       (frame, name(0x800, LO, halen=9)),
                       (b"\2" + frame[1:], name(0, LO)), (b"\xff" * 6 + frame[6:], name(0, LO)),
                       (b"\1" + b"\0" * 11 + b"\x88\xb5zzzz", name(0, LO)),
                       (b"\0" * 12 + b"\0\4\xff\xffzz", name(0, LO)),
                       (b"\0" * 12 + b"\0\4zzzz", name(0, LO)),
                       (b"x" * 65550, name(0x88b5, LO)), (b"x" * 65551, name(0x88b5, LO))):
        print("send", len(data), send(a, data, addr))
        w.show()
    print(result(w.udp.recv, 100))
    bind(a, name(0, LO))
    print(result(a.send, frame), result(a.sendmsg, [ETHER, datagram(b"vv")]))
    w.show()


def sending_cooked():
    w = Watch()
    a = packet(socket.SOCK_DGRAM)
    for data, addr in ((datagram(), name(0x800, LO)), (datagram(), name(0x800, LO, b"\0" * 6)),
                       (datagram(), name(0x88b5, LO, b"\0" * 6)),
                       (b"", name(0x88b5, LO, b"\0" * 6)), (datagram(), name(0x800, 99))):
        print("send", len(data), send(a, data, addr))
        w.show()
    print(bind(a, name(0x800, LO)), result(a.send, datagram()))
    w.show(a)
    print(result(w.all.sendto, ETHER + datagram(), ("lo", 0x800)))  # not seen by itself
    w.show()


for part in (kinds, names, options, memberships, seeing, sending, sending_cooked):
    print("--", part.__name__)
    part()
