# SPDX-License-Identifier: MIT
"""Multicast and broadcast between hosts, and zeroconf, which lives on them."""

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="the networks are berth's own")
PROGRAM = f"python3 {harness.TOP}/tests/system/progs/groups.py"


def run(folder, hosts):
    """Runs a script on each host; what each printed."""
    harness.owned_by_user(folder)
    lines = ["seed: 5", "networks:", '  lan: {subnet: 10.9.0.0/24, subnet6: "fd09::/64"}', "hosts:"]
    for name, script in hosts.items():
        (folder / f"{name}.sh").write_text(f"cd {folder}\n{script}\n")
        lines += [f"  {name}:", "    networks: {lan: {delay: 5ms}}",
                  f"    command: sh {folder}/{name}.sh"]
    (folder / "net.yaml").write_text("\n".join(lines) + "\n")
    job = harness.Job(harness.unprivileged() + [harness.BERTH, "run", "-f",
                                                str(folder / "net.yaml")], folder)
    result = job.wait(60).check()
    said = {name: [] for name in hosts}
    for line in result.out.splitlines():
        name, _, text = line.partition("|")
        said[name.strip()].append(text.strip())
    return said


@pytest.mark.parametrize("group,mine,others", [
    ("239.1.2.3", "10.9.0.1", "10.9.0.2 10.9.0.3"),
    ("ff05::77", "fd09::1", "fd09::2 fd09::3"),
    ("255.255.255.255", "10.9.0.1", "10.9.0.2 10.9.0.3"),
])
def test_all_hear(folder, group, mine, others):
    said = run(folder, {"a": f"{PROGRAM} send {group} 2", "b": f"{PROGRAM} listen {group}",
                        "c": f"{PROGRAM} listen {group}"})
    assert said == {"a": [others], "b": [f"hello from {mine}"], "c": [f"hello from {mine}"]}


def test_link_local_group(folder):
    """A group of the link is spoken to from the link-local address."""
    said = run(folder, {"a": f"{PROGRAM} send ff02::77 1", "b": f"{PROGRAM} listen ff02::77"})
    assert said["a"][0].startswith("fe80::") and said["b"][0].startswith("hello from fe80::")


def test_sources(folder):
    """Two hosts speak; who asked for one of them alone hears that one."""
    said = run(folder, {"a": f"{PROGRAM} send 239.7.7.7 1",
                        "b": f"timeout 3 {PROGRAM} send 239.7.7.7 1 || true",
                        "c": f"sleep 1.5; {PROGRAM} listen 239.7.7.7 10.9.0.1"})
    assert said["c"] == ["hello from 10.9.0.1"] and said["a"] == ["10.9.0.3"]


ZEROCONF = """
import socket, sys, time
import zeroconf
zc = zeroconf.Zeroconf()
me = sys.argv[1]
info = zeroconf.ServiceInfo("_shop._tcp.local.", f"{me}._shop._tcp.local.", port=80,
                            addresses=[socket.inet_aton(sys.argv[2])], server=f"{me}.local.")
zc.register_service(info)
seen = set()
for _ in range(100):
    browser = None
    for name in sys.argv[3:]:
        found = zc.get_service_info("_shop._tcp.local.", f"{name}._shop._tcp.local.", timeout=200)
        if found:
            seen.add((name, socket.inet_ntoa(found.addresses[0])))
    if len(seen) == len(sys.argv) - 3:
        break
print(sorted(seen))
time.sleep(2)
zc.close()
"""


def test_zeroconf(folder):
    """mDNS: each of three hosts finds the services of the other two."""
    (folder / "zc.py").write_text(ZEROCONF)
    address = {"a": "10.9.0.1", "b": "10.9.0.2", "c": "10.9.0.3"}
    scripts = {me: f"/usr/bin/python3 zc.py {me} {address[me]} "
                   + " ".join(other for other in address if other != me) for me in address}
    said = run(folder, scripts)
    for me in address:
        assert said[me] == [str(sorted(i for i in address.items() if i[0] != me))]
