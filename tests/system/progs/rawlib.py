# SPDX-License-Identifier: MIT
"""What rawcalls.py and packetcalls.py share: calls whose errors are their results, and packets
without what chance decides (identifications, checksums that cover them)."""

import ctypes
import errno
import select
import socket
import struct

LOCALHOST = "127.0.0.1"
libc = ctypes.CDLL(None, use_errno=True)


def result(call, *args):
    """What the call returns, or the name of its error."""
    try:
        return call(*args)
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return errno.errorcode[error.errno]


def raw_call(name, sock, *args):
    """A call of libc with bytes that the socket module would not pass."""
    value = getattr(libc, name)(sock.fileno(), *args)
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def echo(number, sequence, data=b"x" * 16, kind=8):
    """An ICMP echo request."""
    head = struct.pack("!BBHHH", kind, 0, 0, number, sequence) + data
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def header(protocol=1, src="0.0.0.0", dst=LOCALHOST, ihl=5, version=4, number=0, flags=0):
    """An IPv4 header with much left to be filled in."""
    return struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, 0, 0, number, flags, 9, protocol, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))


def plain(packet):
    """A packet or frame as text, without identifications and the header checksums over them; also
    of a packet that an ICMP error quotes."""
    data = bytearray(packet)
    at = 14 if data[12:14] == b"\x08\0" else 0
    while len(data) >= at + 20 and data[at] >> 4 == 4:
        data[at + 4:at + 6] = data[at + 10:at + 12] = b"\0\0"
        head = (data[at] & 15) * 4
        if data[at + 9] != 1 or data[at + head:at + head + 1] not in (b"\3", b"\x0c"):
            break
        data[at + head + 2:at + head + 4] = b"\0\0"
        at += head + 8
    return data.hex()


def received(sock, bytes=2000, flags=0, wait=0.3):
    """The next packet and its sender; None: there is none."""
    if not select.select([sock], [], [], wait)[0]:
        return None
    got = result(sock.recvfrom, bytes, flags)
    return got if isinstance(got, str) else (plain(got[0]), got[1])
