# SPDX-License-Identifier: MIT
"""Programs across routers and across a link with a small MTU: both ends think of 1,500 bytes, and
learn of 900 by ICMP (RFC 1191) or find their datagrams in fragments."""

import subprocess
import textwrap

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="three networks")

CHAIN = """\
networks:
  left: {{subnet: 10.1.0.0/24}}
  middle: {{subnet: 10.2.0.0/24, mtu: {mtu}}}
  right: {{subnet: 10.3.0.0/24}}
hosts:
  r1: {{networks: [left, middle]}}
  r2: {{networks: [middle, right]}}
  server:
    networks: {{right: {{address: 10.3.0.10}}}}
    command: /usr/bin/python3 {folder}/server.py
    expect: running
  client:
    networks: [left]
    command: /usr/bin/python3 {folder}/client.py
    after: {after}
"""


def run(folder, server, client, after, mtu=900):
    (folder / "server.py").write_text(textwrap.dedent(server))
    (folder / "client.py").write_text(textwrap.dedent(client))
    path = folder / "net.yaml"
    path.write_text(CHAIN.format(folder=folder, after=after, mtu=mtu))
    harness.owned_by_user(folder)
    return subprocess.run(harness.unprivileged() + [harness.BERTH, "run", "-f", str(path)],
                          check=False, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def test_streams_learn_the_path_mtu(folder):
    result = run(folder, """\
        import socket
        s = socket.create_server(("", 7000))
        while True:
            c, _ = s.accept()
            with c:
                data = b""
                while len(data) < 3000000:
                    data += c.recv(65536)
                c.sendall(data)
        """, """\
        import hashlib, random, socket
        data = random.Random(1).randbytes(3000000)
        s = socket.create_connection(("10.3.0.10", 7000))
        s.sendall(data)
        back = b""
        while len(back) < len(data):
            back += s.recv(65536)
        assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()
        assert s.getsockopt(socket.IPPROTO_IP, 14) == 900  # IP_MTU
        print("ok")
        """, "server:7000")
    assert result.returncode == 0 and "ok" in result.stdout, result.stdout + result.stderr


def test_datagrams_learn_the_path_mtu(folder):
    result = run(folder, """\
        import socket
        s = socket.socket(type=socket.SOCK_DGRAM)
        s.bind(("", 7000))
        while True:
            data, peer = s.recvfrom(65536)
            s.sendto(len(data).to_bytes(4, "big"), peer)
        """, """\
        import errno, socket, time
        s = socket.socket(type=socket.SOCK_DGRAM)
        s.settimeout(5)
        s.connect(("10.3.0.10", 7000))
        def ask(size):
            s.send(bytes(size))
            return int.from_bytes(s.recvfrom(16)[0], "big")
        assert ask(800) == 800
        s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, IP_PMTUDISC_DONT
        for size in 1400, 9000, 65507:
            assert ask(size) == size
        s.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_PMTUDISC_DO
        s.send(bytes(1400))                     # too large for the middle: lost, and told
        time.sleep(0.5)
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EMSGSIZE
        assert s.getsockopt(socket.IPPROTO_IP, 14) == 900
        print("ok")
        """, "server:7000/udp")
    assert result.returncode == 0 and "ok" in result.stdout, result.stdout + result.stderr


def test_unreachable_behind_routers(folder):
    result = run(folder, """\
        import socket
        s = socket.create_server(("", 7000))
        while True:
            s.accept()[0].recv(1)
        """, """\
        import errno, socket
        held = socket.create_connection(("10.3.0.10", 7000))
        def connect(where):
            s = socket.socket()
            try:
                s.connect(where)
            except OSError as e:
                return e.errno
        assert connect(("10.3.0.10", 9)) == errno.ECONNREFUSED
        assert connect(("10.3.0.99", 9)) == errno.EHOSTUNREACH
        assert connect(("192.0.2.1", 9)) == errno.ENETUNREACH
        print("ok")
        """, "server:7000")
    assert result.returncode == 0 and "ok" in result.stdout, result.stdout + result.stderr
