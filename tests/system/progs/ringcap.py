# SPDX-License-Identifier: MIT
"""Captures UDP datagrams on lo through a mapped ring (packet_mmap), versions 1 and 2, and prints
what poll(2) and the ring say."""

import mmap
import select
import socket
import struct

SOL_PACKET = 263
RX_RING, VERSION, HDRLEN, RESERVE = 5, 10, 11, 12
FRAME, FRAMES = 2048, 8
USER = 1


def ring_of(version):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, VERSION, version)
    for request in ((4096, 4, 2048, 7), (4095, 4, 2048, 8), (4096, 4, 2040, 8), (0, 1, 0, 0)):
        try:
            sock.setsockopt(SOL_PACKET, RX_RING, struct.pack("4I", *request))
            print(request, "taken")
        except OSError as error:
            print(request, error.errno)
    sock.setsockopt(SOL_PACKET, RX_RING, struct.pack("4I", 4096, 4, FRAME, FRAMES))
    memory = mmap.mmap(sock.fileno(), FRAME * FRAMES)
    sock.bind(("lo", 3))
    return sock, memory


def readable(sock, wait=500):
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(wait))


def frame(memory, i, version):
    """Takes the frame, as (bytes, type, kind); None: it is not there."""
    at = i * FRAME
    if version == 0:
        status, size, kept, mac, _, _, _ = struct.unpack_from("LIIHHII", memory, at)
    else:
        status, size, kept, mac, _, _, _ = struct.unpack_from("IIIHHII", memory, at)
    if not status & USER:
        return None
    name = struct.unpack_from("=HHiHBB8s", memory, at + 32)
    data = memory[at + mac:at + mac + kept]
    memory[at:at + (8 if version == 0 else 4)] = b"\0" * (8 if version == 0 else 4)
    assert size == kept == len(data)
    return data[-4:], hex(socket.ntohs(name[1])), name[4]


for version in (0, 1):
    sock, memory = ring_of(version)
    to = socket.socket(type=socket.SOCK_DGRAM)
    to.bind(("127.0.0.1", 0))
    sender = socket.socket(type=socket.SOCK_DGRAM)
    print("at first", readable(sock, 0), frame(memory, 0, version))
    for turn in range(3 * FRAMES):
        sender.sendto(b"%04d" % turn, to.getsockname())
        for way in range(2):
            i = (2 * turn + way) % FRAMES
            assert readable(sock)
            while not (got := frame(memory, i, version)):
                pass
            print(turn, got)
    # What nobody takes fills the ring. (What comes then is lost, or waits in the socket.)
    for turn in range(2 * FRAMES):
        sender.sendto(b"%04d" % turn, to.getsockname())
    for i in range(FRAMES):
        assert readable(sock)
        while not (got := frame(memory, i, version)):
            pass
    print("last", got)
    print("busy", [sock.getsockopt(SOL_PACKET, name) for name in (VERSION, RESERVE)])
    memory.close()
    sock.close()
