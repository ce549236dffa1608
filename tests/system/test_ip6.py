# SPDX-License-Identifier: MIT
"""Unmodified programs over IPv6: across routers and a link with a small MTU, from addresses that
hosts make of what routers advertise, on a link by link-local addresses."""

import re
import subprocess
import textwrap

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="three networks")

CHAIN = """\
networks:
  left: {{subnet6: "fd01::/64"}}
  middle: {{subnet6: "fd02::/64", mtu: 1300}}
  right: {{subnet6: "fd03::/64"}}
hosts:
  r1: {{networks: [left, middle]}}
  r2: {{networks: [middle, right]}}
  server:
    networks: {{right: {{address6: "fd03::10"}}}}
    command: /usr/bin/python3 {folder}/server.py
    expect: running
  client:
    networks: {{left: {{{cable}}}}}
    command: /usr/bin/python3 {folder}/client.py
    after: {after}
"""


def run(folder, server, client, after, cable=""):
    (folder / "server.py").write_text(textwrap.dedent(server))
    (folder / "client.py").write_text(textwrap.dedent(client))
    path = folder / "net.yaml"
    path.write_text(CHAIN.format(folder=folder, after=after, cable=cable))
    harness.owned_by_user(folder)
    return subprocess.run(harness.unprivileged() + [harness.BERTH, "run", "-f", str(path)],
                          check=False, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


ECHO = """\
    import socket
    s = socket.create_server(("::", 7000), family=socket.AF_INET6)
    while True:
        c, peer = s.accept()
        with c:
            data = b""
            while len(data) < 2000000:
                data += c.recv(65536)
            c.sendall(data)
    """

TALK = """\
    import random, socket, time
    data = random.Random(1).randbytes(2000000)
    deadline = time.monotonic() + 20
    while True:
        try:
            s = socket.create_connection(("server", 7000))
            break
        except OSError as error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    s.sendall(data)
    back = b""
    while len(back) < len(data):
        back += s.recv(65536)
    print("equal", back == data, s.getsockname()[0], s.getpeername()[0])
    """


def test_streams_learn_the_path_mtu(folder):
    result = run(folder, ECHO, TALK, "server:7000")
    assert result.returncode == 0, result.stderr
    assert "equal True fd01::2 fd03::10" in result.stdout


def test_a_host_configures_itself(folder):
    result = run(folder, ECHO, TALK, "server:7000", cable="address6: auto")
    assert result.returncode == 0, result.stderr
    assert "equal True fd01::" in result.stdout
    assert ":fe" in result.stdout.split("equal True ")[1].split()[0]  # the EUI-64's ff:fe


def test_datagrams_in_fragments(folder):
    result = run(folder, """\
        import socket
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.bind(("::", 7000))
        while True:
            data, peer = s.recvfrom(65536)
            s.sendto(data, peer)
        """, """\
        import random, socket
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.settimeout(2)
        for size in (1, 1252, 1253, 9000, 60000):
            data = random.Random(size).randbytes(size)
            for attempt in range(3):  # the first teaches the path's MTU
                try:
                    s.sendto(data, ("fd03::10", 7000))
                    print(size, s.recv(65536) == data)
                    break
                except (TimeoutError, OSError):
                    continue
        """, "server:7000/udp")
    assert result.returncode == 0, result.stderr
    for size in (1, 1252, 1253, 9000, 60000):
        assert f"{size} True" in result.stdout


def test_link_local_addresses(folder):
    path = folder / "net.yaml"
    (folder / "server.py").write_text(textwrap.dedent("""\
        import socket
        s = socket.create_server(("::", 7000), family=socket.AF_INET6)
        c, peer = s.accept()
        print("peer", peer[0], peer[3])
        c.sendall(b"hello")
        """))
    (folder / "client.py").write_text(textwrap.dedent("""\
        import socket
        scope = socket.if_nametoindex("eth0")
        raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        raw.settimeout(5)
        raw.sendto(b"\\x80\\0\\0\\0\\0\\1\\0\\1", ("ff02::1", 0, 0, scope))
        while True:  # our own answer comes too
            data, peer = raw.recvfrom(100)
            c = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            try:
                if data[0] == 129:
                    c.connect((peer[0], 7000, 0, scope))
                    break
            except ConnectionRefusedError:
                continue
        print("got", c.recv(100), peer[3] == scope)
        """))
    path.write_text(f"""\
networks: {{lan: {{subnet6: "fd01::/64"}}}}
hosts:
  server:
    networks: [lan]
    command: /usr/bin/python3 {folder}/server.py
  client:
    networks: [lan]
    command: /usr/bin/python3 {folder}/client.py
    after: server:7000
""")
    harness.owned_by_user(folder)
    result = subprocess.run(harness.unprivileged() + [harness.BERTH, "run", "-f", str(path)],
                            check=False, capture_output=True, text=True, timeout=60,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    assert "got b'hello' True" in result.stdout
    assert "peer fe80::" in result.stdout


@pytest.mark.parametrize("cable", ["", "address6: auto"])
def test_unreachable_behind_routers(folder, cable):
    """What routers say reaches connect(): without a default route the host knows by itself."""
    result = run(folder, ECHO, """\
        import errno, socket, time
        def connect(where):
            s = socket.socket(socket.AF_INET6)
            s.settimeout(10)
            try:
                s.connect(where)
            except OSError as e:
                return errno.errorcode[e.errno]
        deadline = time.monotonic() + 20
        while connect(("fd03::10", 9)) != "ECONNREFUSED":  # until the host has an address
            assert time.monotonic() < deadline
            time.sleep(0.1)
        print(connect(("fd03::99", 9)), connect(("2001:db8::1", 9)))
        """, "server:7000", cable)
    assert result.returncode == 0, result.stderr
    assert "EHOSTUNREACH ENETUNREACH" in result.stdout, result.stdout


PROGRAMS = """\
until ping -6 -c 1 -W 1 server >/dev/null 2>&1; do sleep 0.2; done
curl -sSf -o {folder}/got \\
    -w 'fetched %{{size_download}} from %{{remote_ip}}\\n' http://server:7000/file
ping -6 -c 3 -i 0.2 -s 1400 server
traceroute -6 -n -q 1 -I server
tracepath -6 -n server
"""


def test_programs_across_routers(folder):
    """The first large echo is too big for the middle, the others go in fragments."""
    harness.random_file(folder / "file", 300_000)
    (folder / "client.sh").write_text(PROGRAMS.format(folder=folder))
    result = run(folder, f"""\
        import os
        os.chdir("{folder}")
        os.execlp("python3", "python3", "-m", "http.server", "--bind", "::", "7000")
        """, f"""\
        import os
        os.execlp("sh", "sh", "-eu", "{folder}/client.sh")
        """, "server:7000", "address6: auto")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "fetched 300000 from fd03::10" in result.stdout
    assert "Packet too big: mtu=1300" in result.stdout, result.stdout
    assert "1408 bytes from server (fd03::10)" in result.stdout, result.stdout
    hops = re.findall(r"\| +\d  (fd\S+)  ", result.stdout)
    assert hops == ["fd01::1", "fd02::2", "fd03::10"], result.stdout
    assert "pmtu 1300 hops 3 back 3" in result.stdout, result.stdout
