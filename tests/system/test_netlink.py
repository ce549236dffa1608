# SPDX-License-Identifier: MIT
"""Programs that ask and change their network by netlink: ip, ss, tc, getifaddrs, runtimes.

What the kernel answered is kept in netlink/*.txt. berth's answers are compared with it; with
BERTH_NATIVE=1, as root, the kernel's are, in a network namespace, and BERTH_RECORD=1 writes them
anew."""

import os
import pathlib
import re
import shutil

import pytest

import harness

PROGS = harness.TOP / "tests/system/progs"
KERNEL = pathlib.Path(__file__).parent / "netlink"
SETUP = """set -e
ip link set lo up
ip link add eth0 type veth peer name p0
sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1 net.ipv6.conf.p0.disable_ipv6=1
ip link set p0 up
ip link set eth0 up
ip addr add 10.0.0.1/24 brd + dev eth0
ip route add 224.0.0.0/4 dev eth0
exec "$@"
"""


def run(command, argv):
    """Runs a command on a host with eth0 = 10.0.0.1/24; its output."""
    if harness.NATIVE:
        job = harness.Job(["unshare", "-n", "sh", "-c", SETUP, "sh"] + argv, command.folder)
        return job.wait(60).check().out
    return command.run([], argv).check().out


def normal(text):
    """Without what differs from machine to machine."""
    text = text.replace("@p0", "")
    text = re.sub(r"^(Deleted )?\d+: ", r"\1", text, flags=re.M)
    return re.sub(r"link/ether (\w\w:){5}\w\w", "link/ether MAC", text)


def compare(command, name, argv):
    out = normal(run(command, argv))
    path = KERNEL / f"{name}.txt"
    if harness.NATIVE and os.environ.get("BERTH_RECORD") == "1":
        path.write_text(out)
    assert out.splitlines() == path.read_text().splitlines()


def test_ip(command):
    """Listings, look-ups, changes with their errors, and ip monitor."""
    compare(command, "ip", ["sh", str(PROGS / "netlink.sh")])


def test_ip6(command):
    """The same of IPv6, with lifetimes and duplicate address detection."""
    argv = ["sh", str(PROGS / "netlink6.sh")]
    if harness.NATIVE:
        argv = ["sh", "-c", "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0; sleep 2; exec \"$@\"",
                "sh"] + argv
    compare(command, "ip6", argv)


def test_ifconfig(command):
    """The same by ioctl: ifconfig, route and arp."""
    compare(command, "ifconfig", ["sh", str(PROGS / "ifconfig.sh")])


@pytest.mark.skipif(harness.NATIVE, reason="there the kernel answers")
def test_nothing_is_asked_of_the_machine(command):
    out = run(command, ["/usr/bin/python3", str(PROGS / "machine.py")])
    assert out == "EAFNOSUPPORT EINVAL ENODEV ENOTSUP ENOTTY EPFNOSUPPORT\n"


def test_ss(command):
    """States, filters, what is told of a socket, and ss -K."""
    compare(command, "ss", ["/usr/bin/python3", str(PROGS / "sockets.py")])


def test_calls(command):
    """Names, sizes, plain send and recv, poll, groups."""
    compare(command, "calls", ["/usr/bin/python3", str(PROGS / "netlink_calls.py")])


def test_getifaddrs(command, progs):
    lines = run(command, [str(progs / "ifaddrs")]).splitlines()
    assert any(re.fullmatch(r"lo 17 index (\d+) is \1, flags 1", line) for line in lines)
    assert "lo 2 127.0.0.1 255.0.0.0 -" in lines
    assert any(re.fullmatch(r"eth0 17 index (\d+) is \1, flags 1", line) for line in lines)
    assert "eth0 2 10.0.0.1 255.255.255.0 10.0.0.255" in lines


def test_python(command):
    out = run(command, ["/usr/bin/python3", "-c",
                        "import socket; print(sorted(n for _, n in socket.if_nameindex()))"])
    assert "'eth0'" in out and "'lo'" in out


def test_go(command, progs):
    out = run(command, [str(progs / "interfaces-go")])
    assert re.search(r"^1 lo 65536 true \[127.0.0.1/8", out, re.M)
    assert re.search(r"^\d+ eth0 1500 true \[10.0.0.1/24", out, re.M)


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_node(command):
    out = run(command, ["node", "-e",
                        "const all = require('os').networkInterfaces();"
                        "for (const name in all) for (const a of all[name])"
                        " if (a.family === 'IPv4') console.log(name, a.cidr, a.internal)"])
    assert "lo 127.0.0.1/8 true" in out
    assert "eth0 10.0.0.1/24 false" in out


def test_json(command):
    """ip -j and ip -s, as scripts read them."""
    out = run(command, ["sh", "-c", "ip -j -s link show dev eth0; ip -j -4 addr show dev eth0"])
    assert '"ifname":"eth0"' in out and '"stats64":{"rx":{"bytes":' in out
    assert '"local":"10.0.0.1","prefixlen":24,"broadcast":"10.0.0.255"' in out


@pytest.mark.skipif(harness.NATIVE, reason="hosts' programs are not root on the kernel")
def test_hosts_see_each_other(net):
    """Neighbours that were resolved, on a network; routes that a program sets carry traffic."""
    net.server("web", "ip addr add 10.77.0.1/32 dev lo; "
               "exec /usr/bin/python3 -m http.server 80")
    client = net.host("client", """
ip route add 10.77.0.1/32 via 10.9.0.1
curl -sSf http://10.77.0.1/ >page
ip -4 neigh show 10.9.0.1 >neigh
ip route del 10.77.0.1/32
! curl -sf --max-time 2 http://10.77.0.1/
""", after="web:80")
    net.run().check()
    neigh = (client.folder / "neigh").read_text()
    assert re.match(r"10.9.0.1 dev eth0 lladdr (\w\w:){5}\w\w (REACHABLE|STALE|DELAY)", neigh)
    assert (client.folder / "page").read_text()
