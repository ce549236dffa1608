# SPDX-License-Identifier: MIT
"""Sockets in every state that ss(8) shows, and what it says of them; test_netlink.py compares
what the kernel and berth answer."""

import os
import socket
import subprocess
import sys

sys.stdout.reconfigure(line_buffering=True)
FORMS = ["-Htan", "-Htln", "-Htn state established", "-Htan state time-wait", "-Huan", "-Huln",
         "-Htan sport = :8080", "-Htan dport = :8080", "-Htn dst 127.0.0.1:8080",
         "-Htan dport gt :8000", "-Htan src 10.0.0.0/8", "-Htan not src 127.0.0.0/8",
         "-Htan ( sport = :8080 or dport = :8080 ) and src 127.0.0.0/8", "-Htan sport = :9998",
         "-Htan dev lo", "-H4an -A tcp,udp sport ge :9000", "-Htan state syn-sent"]


def tcp(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    return s


def show(form):
    """The lines of ss without what the reader's buffers make of them (Recv-Q of a stream)."""
    out = subprocess.run(["ss"] + form.split(), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False).stdout
    print("$ ss", form)
    for line in sorted(out.splitlines()):
        words = line.split()
        print(" ".join(w for i, w in enumerate(words) if not w.startswith("users:")))


listener = tcp(8080)
listener.listen(5)
client = tcp(9001)
client.connect(("127.0.0.1", 8080))
served = listener.accept()[0]
closer = tcp(9002)
closer.connect(("127.0.0.1", 8080))
closed = listener.accept()[0]
closer.close()
assert closed.recv(1) == b""
closed.close()
queued = tcp(9003)
queued.connect(("127.0.0.1", 8080))
bound = tcp(9998)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 9004))
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.bind(("127.0.0.1", 9005))
peer.connect(("127.0.0.1", 9004))
for each in FORMS:
    show(each)

print("--- what is told of one")
out = subprocess.run(["ss", "-HOtnipme", "dport", "=", ":8080", "sport", "=", ":9001"],
                     stdout=subprocess.PIPE, text=True, check=True).stdout
for word in ["users:((\"", f"pid={os.getpid()},fd={client.fileno()}", "ino:",
             "sk:", "skmem:(r0,", "mss:", "pmtu:65535", "cwnd:", "rto:", "snd_wnd:", "segs_out:"]:
    print(word.replace(str(os.getpid()), "PID"), word in out)

print("--- the end of one")
subprocess.run(["ss", "-HK", "-tn", "sport", "=", ":9001"], stdout=subprocess.DEVNULL, check=True)
print(os.strerror(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
try:
    print("read", served.recv(10))
except OSError as error:
    print(error.strerror)
show("-Htn sport = :9001")
