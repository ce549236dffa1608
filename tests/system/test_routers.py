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


def test_super_packets_of_datagrams_cross_routers(folder):
    """UDP_SEGMENT: one packet as far as nobody looks, datagrams from the impaired cable on."""
    (folder / "server.py").write_text(textwrap.dedent("""\
        import socket
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1000000)
        s.bind(("::", 7000))
        while True:
            _, peer = s.recvfrom(65536)
            sizes = [len(s.recv(65536)) for _ in range(21)]
            s.sendto(repr(sizes).encode(), peer)
        """))
    (folder / "client.py").write_text(textwrap.dedent("""\
        import socket
        for family, to in ((socket.AF_INET, "10.3.0.10"), (socket.AF_INET6, "fd03::10")):
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.settimeout(10)
            s.sendto(b"begin", (to, 7000))
            s.setsockopt(socket.IPPROTO_UDP, 103, 1000)  # UDP_SEGMENT
            s.sendto(b"\\xff" * 20500, (to, 7000))
            assert s.recv(1000).decode() == repr([1000] * 20 + [500])
        print("ok")
        """))
    path = folder / "net.yaml"
    path.write_text(textwrap.dedent(f"""\
        networks:
          left: {{subnet: 10.1.0.0/24, subnet6: "fd01::/64"}}
          middle: {{subnet: 10.2.0.0/24, subnet6: "fd02::/64"}}
          right: {{subnet: 10.3.0.0/24, subnet6: "fd03::/64"}}
        hosts:
          r1: {{networks: [left, middle]}}
          r2: {{networks: [middle, right]}}
          server:
            networks: {{right: {{address: 10.3.0.10, address6: "fd03::10", delay: 2ms}}}}
            command: /usr/bin/python3 {folder}/server.py
            expect: running
          client:
            networks: [left]
            command: /usr/bin/python3 {folder}/client.py
            after: server:7000/udp
        """))
    harness.owned_by_user(folder)
    result = subprocess.run(harness.unprivileged() + [harness.BERTH, "run", "-f", str(path)],
                            check=False, capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 0 and "ok" in result.stdout, result.stdout + result.stderr
