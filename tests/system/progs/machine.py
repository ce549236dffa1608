# SPDX-License-Identifier: MIT
"""No ioctl about a network reaches the kernel, of whatever socket it is asked: all of their numbers
are tried with the machine's interfaces, which a host does not have. Prints what was answered."""

import errno
import fcntl
import os
import socket

# Requests about a descriptor or a queue, and those that need no interface (SIOCGIFCONF ...).
OTHERS = {0x8901, 0x8902, 0x8903, 0x8904, 0x8905, 0x8906, 0x8907, 0x8912, 0x894b, 0x89e0}
MACHINE = set(os.listdir("/sys/class/net"))


def ask(sock, request, name):
    """The errno's name, or None."""
    try:
        fcntl.ioctl(sock, request, name.encode().ljust(256, b"\0"))
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def main():
    names = sorted(MACHINE - {name for _, name in socket.if_nameindex()}) + ["none-such"]
    kinds = [(socket.AF_UNIX, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_DGRAM),
             (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW)]
    requests = set(range(0x8900, 0x8a00)) | set(range(0x8b00, 0x8c00))
    refusals = set()
    for kind in kinds:
        sock = socket.socket(*kind)
        for request in sorted(requests - OTHERS):
            for name in names:
                answer = ask(sock, request, name)
                refusals.add(answer)
                if answer is None:
                    print(kind, hex(request), name)
    print(*sorted(filter(None, refusals)))


main()
