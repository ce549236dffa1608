# SPDX-License-Identifier: MIT
"""Raw, ping and packet sockets: call by call beside the kernel, and the programs that live on
them, unprivileged, on a clean chain of networks and on a lossy one."""

import pathlib
import re
import resource
import subprocess

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="beside the kernel, or three networks")

PROGS = harness.TOP / "tests/system/progs"

CHAIN = """\
networks:
  left: {{subnet: 10.8.0.0/24, subnet6: "fd08::/64"}}
  right: {{subnet: 10.9.0.0/24, subnet6: "fd09::/64"}}
hosts:
  router: {{networks: {{left: {{address: 10.8.0.1, address6: "fd08::1"}},
                      right: {{address: 10.9.0.1, address6: "fd09::1"}}}}}}
  server:
    networks: {{right: {{address: 10.9.0.2, address6: "fd09::2"{cable}}}}}
    command: socat TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 EXEC:cat
    expect: running
  client:
    networks: {{left: {{address: 10.8.0.2, address6: "fd08::2"}}}}
    command: sh {script}
    after: server:80
"""
LOSSY = ", delay: 20ms, jitter: 2ms, loss: 3%, duplicate: 1%"
FOUR = "10.9.0.2"
SIX = "fd09::2"


class Chain:
    """client - router - server; run() returns what the client's script printed."""

    def __init__(self, folder, lossy):
        self.folder = folder
        self.lossy = lossy
        self.rss_kilobytes = 0  # of the largest process so far

    def run(self, script, prefix=(), timeout=90):
        path = self.folder / "script.sh"
        path.write_text(f"export PATH={harness.PATH}\ncd {self.folder}\n{script}\n")
        net = self.folder / "net.yaml"
        net.write_text(CHAIN.format(script=path, cable=LOSSY if self.lossy else ""))
        harness.owned_by_user(self.folder)
        result = subprocess.run(
            [*(prefix or harness.unprivileged()), harness.BERTH, "run", "-f", str(net)],
            check=False, capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL)
        assert result.returncode == 0, result.stdout + result.stderr
        self.rss_kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        return result.stdout.replace("client | ", "")


@pytest.fixture(params=["clean", "lossy"])
def chain(request, folder):
    return Chain(folder, request.param == "lossy")


@pytest.fixture
def eth0_only():
    """The command prefix for programs that read the names of interfaces in /proc/net/dev, which is
    the machine's: they want to find lo and eth0 there and nothing else."""
    names = pathlib.Path("/proc/net/dev").read_text(encoding="utf-8")
    if set(re.findall(r"^ *(\S+):", names, re.M)) == {"lo", "eth0"}:
        return []
    prefix = harness.apart("ip link add eth0 type bridge", back=True)
    if prefix is None:
        pytest.skip("no network namespaces for users here")
    return prefix


def on_kernel(program):
    """What a program prints on the kernel, in a network namespace of its own."""
    if harness.apart() is None:
        pytest.skip("no network namespaces for users here")
    return subprocess.run([*harness.apart(), "/usr/bin/python3", program], check=True, timeout=60,
                          capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("name", ["rawcalls", "packetcalls", "ringcap", "errorqueue"])
def test_calls_beside_the_kernel(command, name):
    program = PROGS / f"{name}.py"
    carried = command.run([], ["/usr/bin/python3", program]).check().out.splitlines()
    native = on_kernel(program)
    assert len(native) > 15
    assert carried == native


def received(text):
    return int(re.search(r"(\d+) received", text)[1])


def test_ping_records_the_way(folder):
    """Both ways, address by address, and when: record route and timestamp options."""
    out = Chain(folder, False).run(f"ping -n -R -c 2 {FOUR}\nping -n -T tsonly -c 1 {FOUR}\n"
                                   f"ping -n -T tsandaddr -c 1 {FOUR}")
    way, times, both = out.split("PING ")[1:]
    assert re.findall(r"\t(10\S+)", way) == ["10.8.0.2", "10.9.0.1", FOUR, FOUR, "10.8.0.1",
                                             "10.8.0.2"], way
    assert "(same route)" in way
    assert re.search(r"TS: \t\d+ absolute\n(\t-?\d+\n){5}", times), times
    assert re.findall(r"(10\S+)\t", both) == ["10.8.0.2", "10.8.0.1", FOUR, FOUR], both
    assert "Unrecorded hops: 2" in both


@pytest.mark.parametrize("to", [FOUR, SIX])
def test_ping(chain, to):
    out = chain.run(f"ping -n -i 0.05 -c 40 {to} || true")
    assert f"bytes from {to}: icmp_seq=" in out and "ttl=63" in out
    if chain.lossy:
        assert 25 <= received(out) < 60 and re.search(r"time=4\d\.\d ms|time=4\d ms", out), out
    else:
        assert received(out) == 40, out


def test_ping_hears_errors(chain):
    out = chain.run(f"ping -n -c 3 -i 0.3 -t 1 {FOUR} || true\n"
                    f"ping -n -c 3 -i 0.3 -t 1 {SIX} || true\n"
                    f"ping -n -c 1 -M do -s 1473 {FOUR} 2>&1 || true\n"
                    "ping -n -c 2 -W 5 10.8.0.77 || true")
    assert "From 10.8.0.1 icmp_seq=1 Time to live exceeded" in out
    assert "From fd08::1 icmp_seq=1 Time exceeded: Hop limit" in out
    assert "local error: message too long, mtu=1500" in out
    assert "From 10.8.0.2 icmp_seq=1 Destination Host Unreachable" in out


# Waits do not depend on how fast other hops answer, and routers' limits on errors are kept.
TRACE = "traceroute -n -q 2 -N 1 -w 2,0,0 -m 5"


@pytest.mark.parametrize("how", ["", "-I", "-T -p 80"])
@pytest.mark.parametrize("to", [FOUR, SIX])
def test_traceroute(chain, how, to):
    out = chain.run(f"{TRACE} {how} {to} || true")
    lines = out.splitlines()
    router = "10.8.0.1" if to == FOUR else "fd08::1"
    assert re.search(rf"^ 1 .*{router}  \d", lines[1]) and re.search(rf"^ 2 .*{to}  \d", lines[2])
    assert len(lines) == 3, out


@pytest.mark.parametrize("to", [FOUR, SIX])
def test_tracepath(chain, to):
    out = chain.run(f"tracepath -n -m 5 {to}")
    router = "10.8.0.1" if to == FOUR else "fd08::1"
    assert re.search(rf"^ 1: +{router} +", out, re.M), out
    assert re.search(rf"^ 2: +{to} .*reached", out, re.M), out
    assert "Resume: pmtu 1500 hops 2 back 2" in out
    if not chain.lossy:
        times = [float(ms) for ms in re.findall(r"([\d.]+)ms", out)]
        assert max(times) < 500, out  # poll(2) tells of errors


@pytest.mark.parametrize("how", ["", "-u", "-T -P 80"])
def test_mtr(chain, how):
    out = chain.run(f"mtr --report -n -c 3 -i 1 {how} {FOUR}\nmtr --report -n -c 3 -i 1 {SIX}")
    for hops in (("10.8.0.1", FOUR), ("fd08::1", SIX)):
        for number, hop in enumerate(hops, 1):
            assert re.search(rf"{number}\.\|-- {hop} +\d", out), out


def test_arping(chain):
    out = chain.run("arping -c 3 -I eth0 10.8.0.1")
    assert "3 packets received" in out and out.count("bytes from") == 3


@pytest.mark.parametrize("how", ["-S -p 80", "-S -p 81", "-1", "-2 -p 99"])
def test_hping(chain, how):
    out = chain.run(f"hping3 -n -c 20 -i u50000 {how} {FOUR} 2>&1 || true")
    count = int(re.search(r"(\d+) packets received", out)[1])
    # Port unreachables come in a burst of six, then one in a second.
    low, high = (6, 9) if how == "-2 -p 99" else (12, 22) if chain.lossy else (20, 20)
    assert (2 if chain.lossy else low) <= count <= high, out
    said = {"-S -p 80": "flags=SA", "-S -p 81": "flags=RA", "-1": "icmp_seq=",
            "-2 -p 99": "Port Unreachable"}[how]
    assert said in out


def test_nmap_connects(chain):
    out = chain.run(f"nmap -n -Pn -sT --unprivileged -p 79-81 {FOUR}\n"
                    f"nmap -6 -n -Pn -sT --unprivileged -p 79-81 {SIX}")
    assert out.count("80/tcp open") == 2 and out.count("79/tcp closed") == 2


def test_nmap(chain, eth0_only):
    """With raw and packet sockets: SYN, UDP and host discovery."""
    nmap = "nmap -n --privileged --max-retries 6"
    out = chain.run(f"{nmap} -sS -p 79-81 {FOUR}\n{nmap} -sU -p 53,99 {FOUR}\n"
                    f"{nmap} -sn 10.8.0.1 {FOUR}", eth0_only)
    assert "80/tcp open" in out and "79/tcp closed" in out
    assert "53/udp closed" in out and "99/udp closed" in out
    assert "MAC Address" in out and "2 hosts up" in out


SCAPY = """
import logging
logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import *
conf.verb = 0
conf.L3socket = L3RawSocket
me, router, server = "10.8.0.2", "10.8.0.1", "10.9.0.2"
answered, _ = srp(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=me, pdst=router), iface="eth0",
                  timeout=2, retry=3)
mac = answered[0][1].hwsrc
print("arp", len(mac))
echo = IP(src=me, dst=server) / ICMP(id=7) / b"scapy"
reply = sr1(echo, iface="eth0", timeout=2, retry=5)
print("icmp", reply.src, reply[ICMP].type, bytes(reply[ICMP].payload)[:5])
reply = srp1(Ether(dst=mac) / IP(src=me, dst=server) / TCP(sport=4444, dport=80, flags="S", seq=1),
             iface="eth0", timeout=2, retry=5)
print("tcp", reply[TCP].flags, reply[TCP].ack)
sniffer = AsyncSniffer(iface="eth0", filter="icmp[icmptype] == icmp-echoreply", count=1, timeout=10)
sniffer.start()
time.sleep(1)
for i in range(8):
    send(echo)
    time.sleep(0.1)
sniffer.join()
print("sniffed", sniffer.results[0][ICMP].type)
"""


def test_scapy(chain, eth0_only):
    (chain.folder / "probe.py").write_text(SCAPY)
    out = chain.run("HOME=$PWD /usr/bin/python3 probe.py", eth0_only)
    assert out.splitlines() == ["arp 17", "icmp 10.9.0.2 0 b'scapy'", "tcp SA 2", "sniffed 0"]


def test_tcpdump(chain):
    """It captures while another program on its host talks: on its interface, on all, and with a
    filter and a snapshot length."""
    talk = f"ping -n -c 6 -i 0.2 {FOUR} >/dev/null; ping -n -c 6 -i 0.2 {SIX} >/dev/null"
    out = chain.run(f"""
        tcpdump -n -l -U -i eth0 -s 60 -w eth0.pcap icmp 2>eth0.err & eth0=$!
        tcpdump -n -l -i any icmp6 and ip6[40] == 129 >any.txt 2>any.err & any=$!
        while ! grep -q listening eth0.err || ! grep -q listening any.err; do sleep 0.1; done
        {talk}; sleep 0.5
        kill $eth0 $any; wait $eth0 $any
        cat any.txt; echo ---; tcpdump -n -r eth0.pcap 2>/dev/null; cat eth0.err any.err""")
    any_text, rest = out.split("---\n")
    assert 2 <= any_text.count("eth0  In  IP6 fd09::2 > fd08::2: ICMP6, echo reply") <= 8, out
    assert "request" not in any_text
    low = 4 if chain.lossy else 6
    assert low <= rest.count("10.8.0.2 > 10.9.0.2: ICMP echo request") <= 8, out
    assert 2 <= rest.count("10.9.0.2 > 10.8.0.2: ICMP echo reply") <= 8, out
    assert "IP6" not in rest and rest.count("0 packets dropped by kernel") == 2


UNREAD = """
import socket, time
kinds = [(socket.AF_INET, socket.SOCK_RAW, 17), (socket.AF_PACKET, socket.SOCK_RAW, 0x0300)]
unread = [socket.socket(*kind) for _ in range(50) for kind in kinds]
print("open", len(unread), flush=True)
time.sleep(4)
"""


def test_flood(folder):
    """What nobody reads is bounded by SO_RCVBUF, and all else goes on."""
    chain = Chain(folder, False)
    (folder / "unread.py").write_text(UNREAD)
    out = chain.run(f"""
        /usr/bin/python3 unread.py & unread=$!
        sleep 0.5
        timeout -s INT 2 hping3 --flood -n -2 -p 99 -d 1000 {FOUR} 2>&1 | grep transmitted
        ping -n -c 3 -i 0.2 {FOUR}; wait $unread""")
    assert "open 100" in out and received(out) == 3
    assert int(re.search(r"(\d+) packets transmitted", out)[1]) > 5000
    # A hundred queues of 208 KiB, the chunks of which they share in part, and the programs.
    assert chain.rss_kilobytes < 256 << 10
