# SPDX-License-Identifier: MIT
"""What ioctl() says of the loopback interface, by sockets of each kind."""

import errno
import fcntl
import socket
import struct

ONE = {"SIOCGIFADDR": 0x8915, "SIOCGIFDSTADDR": 0x8917, "SIOCGIFBRDADDR": 0x8919,
       "SIOCGIFNETMASK": 0x891b, "SIOCGIFINDEX": 0x8933, "SIOCGIFMTU": 0x8921,
       "SIOCGIFHWADDR": 0x8927, "SIOCGIFMETRIC": 0x891d, "SIOCGSTAMP": 0x8906,
       "SIOCATMARK": 0x8905, "SIOCOUTQ": 0x5411, "SIOCINQ": 0x541b}


def ask(made, request, name):
    try:
        return fcntl.ioctl(made, request, struct.pack("16s24x", name))[16:32].hex()
    except OSError as caught:
        return errno.errorcode[caught.errno]


for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_DGRAM),
                     (socket.AF_UNIX, socket.SOCK_DGRAM)):
    with socket.socket(family, kind) as asked:
        for word, number in ONE.items():
            print(family.name, word, ask(asked, number, b"lo"), ask(asked, number, b"no-such"))
with socket.socket() as asked:
    for word in ("SIOCGIFADDR", "SIOCGIFINDEX", "SIOCATMARK"):
        print("stream", word, ask(asked, ONE[word], b"lo"))
print(socket.if_nametoindex("lo"), socket.if_indextoname(1))
