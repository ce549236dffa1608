# SPDX-License-Identifier: MIT
"""A packet filter on a UDP socket: attached, read back, obeyed, locked; programs and lengths that
are not right. Prints what each call answers."""

import ctypes
import errno
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER = 26, 27, 44


def answer(result):
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "ok"


def attach(sock, code, count=None, length=16):
    """`code` is a list of (code, jt, jf, k), or an address."""
    program = b"".join(struct.pack("=HBBI", *insn) for insn in code) if isinstance(code, list) \
        else b""
    memory = ctypes.create_string_buffer(program, max(len(program), 1))
    where = ctypes.addressof(memory) if isinstance(code, list) else code
    fprog = struct.pack("@HP", len(code) if count is None else count, where)
    return answer(LIBC.setsockopt(sock.fileno(), socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog,
                                  length))


def read_back(sock, room):
    memory = ctypes.create_string_buffer(8 * max(room, 1))
    count = ctypes.c_uint32(room)
    result = LIBC.getsockopt(sock.fileno(), socket.SOL_SOCKET, SO_ATTACH_FILTER, memory,
                             ctypes.byref(count))
    return answer(result), count.value, memory.raw.hex() if result == 0 else ""


def received(sock, sender, payload):
    sender.sendto(payload, sock.getsockname())
    try:
        return sock.recv(100)
    except TimeoutError:
        return None


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.2)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The first byte of the payload is 'y', and then eight bytes of it are enough.
    wanted = [(0x30, 0, 0, 8), (0x15, 0, 1, ord("y")), (0x06, 0, 0, 16), (0x06, 0, 0, 0)]
    print("read before", read_back(sock, 10))
    print("attach", attach(sock, wanted))
    print("no", received(sock, sender, b"no"))
    print("yes", received(sock, sender, b"yes, but not all of it"))
    print("read", read_back(sock, 0), read_back(sock, 3), read_back(sock, 4), read_back(sock, 9))
    print("length", attach(sock, wanted, length=12), attach(sock, wanted, length=17))
    print("none", attach(sock, [], 0), attach(sock, 0, 4))
    print("elsewhere", attach(sock, 4096, 4))
    print("no return", attach(sock, wanted[:2]))
    print("division", attach(sock, [(0x34, 0, 0, 0)] + wanted))
    print("lock", sock.setsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER, 1))
    print("locked", attach(sock, wanted))
    print("detach", answer(LIBC.setsockopt(sock.fileno(), socket.SOL_SOCKET, SO_DETACH_FILTER,
                                           b"\0" * 4, 4)))


if __name__ == "__main__":
    main()
