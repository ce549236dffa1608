# SPDX-License-Identifier: MIT
"""TCP Fast Open by unmodified programs, and what their packets look like."""

import os
import shutil
import subprocess

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="about berth's own parameters")
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "progs", "fastopen.py")
ON = "net.ipv4.tcp_fastopen=3"

# What a Linux 6.18 prints of `fastopen.py both`, with the same parameter.
KERNEL = """\
first 10 0 False 1
second 10 1 True 0
large 100000 1 True 0
empty 0 0 False 0
message 7
again Transport endpoint is already connected
message 7 1 True 0
nonblocking 3
nonblocking 3 1 True 0
connect Transport endpoint is already connected
writable 1
deferred 5 1 True 0
refused Connection refused
after 3
after 3 1 True 0
"""


def berth(folder, *words):
    return subprocess.run(harness.unprivileged() + [harness.BERTH, "run", *words], check=False,
                          cwd=folder, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("impairment", [[], ["--delay", "5ms"]])
def test_as_on_the_kernel(folder, impairment):
    result = berth(folder, *impairment, "--sysctl", ON, "--", "/usr/bin/python3", PROGRAM, "both")
    assert (result.returncode, result.stdout) == (0, KERNEL), result


@pytest.mark.parametrize("address", ["10.9.0.0/24", "fd09::/64"])
def test_data_in_the_syn(folder, address):
    """Two hosts: the capture shows a SYN that asks for a cookie, then SYNs with data."""
    family = "subnet" if "." in address else "subnet6"
    path = folder / "net.yaml"
    path.write_text(
        f"networks: {{lan: {{{family}: '{address}', delay: 20ms}}}}\nhosts:\n"
        f"  web: {{sysctls: {{net.ipv4.tcp_fastopen: 3}}, expect: running,"
        f" command: [/usr/bin/python3, '{PROGRAM}', serve, '9']}}\n"
        f"  client: {{after: web:8080, command: [/usr/bin/python3, '{PROGRAM}', client, web]}}\n")
    path.chmod(0o644)
    harness.owned_by_user(folder)
    result = berth(folder, "-f", str(path), "--capture", "c.pcapng")
    assert result.returncode == 0, result
    assert "client | second 10 1 True 0" in result.stdout, result
    assert "client | deferred 5 1 True 0" in result.stdout, result
    shown = subprocess.run(["tcpdump", "-nr", folder / "c.pcapng", "tcp or ip6"], check=True,
                           capture_output=True, text=True).stdout
    syns = [line for line in shown.splitlines() if "Flags [S]," in line]
    assert "cookiereq" in syns[0] and "length 0" in syns[0], shown
    assert any("cookie " in line and "length 10" in line for line in syns), shown
    assert any("cookie " in line and "length 14" in line for line in syns), shown


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl(folder):
    """The second request of curl --tcp-fastopen is in its SYN, which the server says."""
    script = (f"/usr/bin/python3 {PROGRAM} web 2 & sleep 0.5; "
              "for i in 1 2; do curl -sS --tcp-fastopen http://localhost:8080/; done; wait")
    result = berth(folder, "--sysctl", ON, "--delay", "10ms", "--", "sh", "-c", script)
    assert (result.returncode, result.stdout) == (0, "0\n1\n"), result


def test_parameters_are_checked(folder):
    for words, expected in [(["--sysctl", "net.ipv4.tcp_fastopen"], "NAME=NUMBER"),
                            (["--sysctl", "net.ipv4.tcp_ecn=9"], "in its range"),
                            (["--sysctl", "net.ipv4.nonsense=1"], "one that hosts have")]:
        result = berth(folder, *words, "--", "true")
        assert result.returncode == 2 and expected in result.stderr, result
    path = folder / "bad.yaml"
    path.write_text("hosts:\n  a: {command: 'true', sysctls: {net.ipv4.tcp_ecn: many}}\n")
    path.chmod(0o644)
    result = berth(folder, "-f", str(path))
    assert result.returncode == 2 and "bad.yaml:2:" in result.stderr, result
    assert "bad sysctl 'net.ipv4.tcp_ecn'" in result.stderr, result
