# SPDX-License-Identifier: MIT
"""Raw and ping sockets: prints what calls return, for a comparison of berth with the kernel."""

import socket
import struct

from rawlib import LOCALHOST, checksum, echo, header, raw_call, received, result

SOL_RAW = 255
ICMP_FILTER = 1
TO = (LOCALHOST, 0)


def raw(protocol, family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_RAW, protocol)


def disconnect(sock):
    return raw_call("connect", sock, struct.pack("HHI8x", 0, 0, 0), 16)


def kinds():
    for protocol in (0, 1, 2, 6, 17, 58, 255):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            made = result(socket.socket, socket.AF_INET, kind, protocol)
            print("socket", protocol, kind, made if isinstance(made, str) else "made")


def names():
    a = raw(253)
    print(a.getsockname(), result(a.bind, ("1.2.3.4", 0)), result(a.bind, (LOCALHOST, 5)),
          a.getsockname())
    print(result(a.sendto, b"abc", TO), received(a))
    print(result(a.connect, TO), a.getsockname(), result(a.getpeername), result(a.bind, TO))
    print(result(a.connect, (LOCALHOST, 7)), a.getsockname(), result(a.getpeername))
    print(result(a.send, b"q"), received(a))
    b = raw(253)
    print(result(b.sendto, b"zz", TO), received(a), received(b))
    b.connect(("127.0.0.2", 0))
    print(result(b.sendto, b"zz", TO), received(a), received(b))
    print(disconnect(b), b.getsockname(), result(b.getpeername))
    print(result(b.sendto, b"yy", TO), received(a), received(b))
    print(result(b.connect, TO), b.getsockname(), result(b.send, b"yy"), received(a), received(b))
    print(disconnect(b), b.getsockname(), result(b.bind, (LOCALHOST, 99)), b.getsockname())
    c = raw(250)
    print(raw_call("bind", c, struct.pack("HHI8x", 10, 0, 0x0100007f), 16), c.getsockname())
    print(raw_call("bind", c, struct.pack("HHI8x", 2, 0, 0x0100007f), 8))
    print(result(c.bind, ("255.255.255.255", 0)), result(c.bind, ("224.0.0.1", 0)),
          c.getsockname(), result(c.bind, ("0.0.0.0", 0)))


def sizes():
    a = raw(250)
    for size in (0, 1, 65515, 65516, 65535, 65536):
        print("bytes", size, result(a.sendto, b"x" * size, TO))
        got = received(a, 70000)
        print(len(got[0]) if got else got)
    for to in ("255.255.255.255", "10.99.0.1", "0.0.0.0"):
        print(to, result(a.sendto, b"x", (to, 0)))


def icmp():
    a = raw(1)
    other = raw(250)
    for data in (b"", b"x", b"\x0d\0", b"\x08\0", echo(1, 1, b"")[:7]):
        print(data, result(a.sendto, data, TO), received(a))
    for name, size in ((1, 4), (1, 100), (1, 2), (2, 4)):
        print("get", name, size, result(a.getsockopt, SOL_RAW, name, size))
    print(result(other.getsockopt, SOL_RAW, 1, 4), result(other.setsockopt, SOL_RAW, 1, b"1234"))
    for value in (struct.pack("I", 1 << 8), b"\xff", b"\xff" * 8, b""):
        print("set", value, result(a.setsockopt, SOL_RAW, ICMP_FILTER, value),
              a.getsockopt(SOL_RAW, ICMP_FILTER, 4))
        print(result(a.sendto, echo(1, 1), TO), received(a), received(a, wait=0.1))
    print(result(a.sendto, echo(1, 1, kind=40), TO), received(a))
    a.setsockopt(SOL_RAW, ICMP_FILTER, b"\0" * 4)
    print("wrong", result(a.sendto, b"\x08\0\0\0" + b"\0" * 12, TO), received(a), received(a))


def header_included():
    a = raw(255)
    hears = raw(1)
    print([result(a.getsockopt, 0, 3), result(a.setsockopt, 0, 3, 0), a.getsockopt(0, 3),
           result(a.setsockopt, 0, 3, 1), hears.getsockopt(0, 3)])
    for data in (b"", b"x" * 19, header(), header() + echo(5, 5), header(ihl=6) + echo(5, 5),
                 header(ihl=15) + b"x" * 10, header(ihl=0) + echo(5, 5),
                 header(version=6) + echo(5, 5), header(src="127.0.0.9", number=77) + echo(5, 6),
                 header(flags=0x4000) + echo(5, 6), header(src="9.9.9.9") + echo(5, 6)):
        print(len(data), result(a.sendto, data, TO),
              [received(hears, wait=wait) for wait in (0.3, 0.1, 0.1)])
    print(result(a.connect, TO), result(a.send, header() + echo(5, 7)),
          [received(hears), received(hears)], received(a, wait=0.1))
    print(result(a.sendto, b"x" * 65536, TO), result(a.sendto, b"x" * 65535, TO))
    print(result(a.sendto, header(protocol=249) + b"12345678", TO), received(hears),
          received(hears, wait=0.1))
    takes = raw(249)
    print(result(a.sendto, header(protocol=249) + b"12345678", TO), received(hears, wait=0.1),
          received(takes))


def options():
    a = raw(1)
    for level, name in ((1, 2), (1, 3), (1, 38), (1, 39), (0, 22), (1, 4), (1, 8), (1, 6),
                        (1, 30), (0, 2), (0, 14), (58, 1), (17, 1), (6, 1), (255, 9)):
        print("option", level, name, result(a.getsockopt, level, name),
              result(a.setsockopt, level, name, 1), result(a.getsockopt, level, name))
    print(result(a.listen), result(a.accept), result(a.shutdown, 1),
          result(a.sendto, echo(1, 1), TO))


def errors():
    a = raw(247)
    a.bind(("127.0.0.5", 0))
    print(result(a.sendto, b"12345678", TO), a.getsockopt(1, 4))
    a.setsockopt(0, socket.IP_RECVERR if hasattr(socket, "IP_RECVERR") else 11, 1)
    print(result(a.sendto, b"12345678", TO))
    received(raw(246), wait=0.1)
    print(result(a.recvmsg, 100, 500, 0x2000), a.getsockopt(1, 4))
    print(result(a.recvmsg, 100, 500, 0x2000))
    b = raw(244)
    b.bind(("127.0.0.5", 0))
    b.connect((LOCALHOST, 0))
    print(result(b.sendto, b"12345678", TO))
    received(raw(246), wait=0.1)
    print(b.getsockopt(1, 4), b.getsockopt(1, 4))


def control():
    a = raw(243)
    print(result(a.sendto, b"x", 1, TO), result(a.recv, 10, 0x40))
    print(result(a.sendto, b"abcdefgh", TO), len(a.recvfrom(100, 2)[0]),
          result(a.recvmsg, 4)[2], result(a.recv, 4, 0x40))
    for name in (8, 12, 13):
        a.setsockopt(0, name, 1)
    a.sendto(b"abc", TO)
    print(a.recvmsg(100, 500)[1:])
    for piece in ((0, 2, struct.pack("i", 3)), (0, 1, struct.pack("i", 4)),
                  (0, 8, struct.pack("iII", 0, 0x0900007f, 0)), (0, 2, b"x")):
        print(result(a.sendmsg, [b"abc"], [piece], 0, TO))
        if got := received(a, wait=0.1):
            print(got)


def ping():
    a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    print(a.getsockname(), result(a.sendto, echo(77, 1), TO), a.getsockname()[1] != 0)
    got = a.recv(100)
    print(got[:2], got[6:], checksum(got))
    for data in (echo(1, 1)[:7], b"\0" * 8, b"\x08\1" + echo(1, 1)[2:], echo(1, 1, kind=0)):
        print(data, result(a.sendto, data, TO))
    b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    print(result(b.bind, (LOCALHOST, 777)), b.getsockname(), result(b.bind, (LOCALHOST, 1)))
    print(result(c.bind, ("1.2.3.4", 778)), result(c.bind, (LOCALHOST, 777)), c.getsockname())
    b.sendto(echo(1, 1), TO)  # the one that was bound last gets the answer
    print(received(b, wait=0.1), received(c, wait=0.1) is not None)
    c.close()
    b.connect(TO)
    print(result(b.getpeername), result(b.connect, (LOCALHOST, 5)), b.getpeername())
    print(b.send(echo(1, 2)), b.recv(100)[4:])
    print([result(a.getsockopt, level, name) for level, name in ((1, 2), (1, 3), (1, 38), (0, 3))])
    print(result(a.listen), result(a.shutdown, 1), result(a.sendto, echo(1, 1), TO))


def six():
    to = ("::1", 0)
    a = raw(58, socket.AF_INET6)
    print(a.getsockname(), result(a.bind, ("2001:db8::1", 0)), result(a.bind, ("::1", 0)))
    request = b"\x80\0\xff\xff\0\5\0\7hello"
    print(result(a.sendto, request, to), received(a), received(a))
    for size in (0, 1, 3):
        print("short", size, result(a.sendto, request[:size], to))
    for name in (7, 36):
        print("option", name, [result(a.getsockopt, level, name) for level in (41, 255, 58)],
              [result(a.setsockopt, 41, name, value) for value in (1, 2, -1)])
    print(result(a.setsockopt, 58, 1, b"\xff" * 16), a.getsockopt(58, 1, 32),
          a.getsockopt(58, 1, 4))
    print(result(a.sendto, request, to), received(a), received(a, wait=0.1))
    b = raw(253, socket.AF_INET6)
    print(b.getsockname(), result(b.getsockopt, 58, 1), result(b.setsockopt, 58, 1, b"1234"))
    for offset in (3, 4, 100, -1):
        print("offset", offset, result(b.setsockopt, 41, 7, offset), b.getsockopt(41, 7),
              result(b.sendto, b"abcdefgh", to), received(b))
    for port in (253, 1, 256, 0):
        print("port", port, result(b.sendto, b"abcdefgh", ("::1", port)), received(b, wait=0.1))
    print(result(b.connect, to), result(b.getpeername),
          b.getsockname(), result(b.send, b"abcdefgh"), received(b))
    c = raw(255, socket.AF_INET6)
    print(result(c.getsockopt, 41, 36), result(c.sendto, b"x" * 39, to))
    packet = struct.pack("!IHBB", 0x60000000, 8, 253, 9) + b"\0" * 15 + b"\1" + b"\0" * 15 + b"\1"
    print(result(c.sendto, packet + b"12345678", to), received(b))
    d = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58)
    print(result(d.sendto, request[:7], to), result(d.sendto, b"\x81" + request[1:], to),
          result(d.sendto, request, to))
    got = d.recvfrom(100)
    print(got[0][:2], got[0][6:], got[1], d.getsockname()[1] == struct.unpack("!H", got[0][4:6])[0])
    print(result(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM, 1))


for part in (kinds, names, sizes, icmp, header_included, options, errors, control, ping, six):
    print("--", part.__name__)
    part()
