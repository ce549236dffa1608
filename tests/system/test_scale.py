# SPDX-License-Identifier: MIT
"""Size: many connections at once, many in a row, many hosts in one world."""

import pathlib
import resource
import time

import pytest

import harness
from test_http import add_nginx
from test_redis import SERVER as REDIS

MIB = 1 << 20


def test_ten_thousand_connections(net, progs):
    """Both ends are berth's, so that it needs a descriptor for each; where the limit of
    descriptors allows fewer, as many as it allows."""
    count = min(10_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500) // 2)
    net.server("server", f"exec {progs}/many serve 7000")
    net.host("client", f"exec {progs}/many connect server 7000 {count}", after="server:7000")
    result = net.run(90).check()
    assert f"{count} open, {count} echoed" in result.out


def usage(pid):
    """(resident bytes, descriptors) of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    kib = int(status.split("VmRSS:")[1].split()[0])
    return kib * 1024, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def wait_for_file(job, path, seconds):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert job.process.poll() is None and time.monotonic() < deadline, \
            f"{path.name} did not come\n{job.text('stdout')}\n{job.text('stderr')}"
        time.sleep(0.05)


@pytest.mark.parametrize("way", ["reset", "orderly", "shut"])
def test_hundred_thousand_in_a_row(net, progs, way):
    """Neither memory nor descriptors grow. An orderly close leaves a TIME-WAIT for a minute,
    of which there may be 65,536; that much memory is granted."""
    net.server("server", f"exec {progs}/churn serve 7000 {way}")
    client = net.host("client", f"""
{progs}/churn connect server 7000 20000 {way}
touch first; while [ ! -e go ]; do sleep 0.1; done
{progs}/churn connect server 7000 80000 {way}
touch second; while [ ! -e stop ]; do sleep 0.1; done
""", after="server:7000")
    job = net.start()
    wait_for_file(job, client.folder / "first", 120)
    before = usage(job.process.pid)
    (client.folder / "go").touch()
    wait_for_file(job, client.folder / "second", 240)
    after = usage(job.process.pid)
    (client.folder / "stop").touch()
    job.wait(20).check()
    granted = 2 * MIB if way == "reset" else 40 * MIB
    assert after[0] - before[0] < granted, (before, after)
    assert after[1] - before[1] < 20, (before, after)


@pytest.mark.parametrize("delay", ["0ms", "10ms"])
def test_five_hundred_at_once(command, delay):
    """On a backlog of 100. SYNs come again each second, and not at ever longer intervals."""
    program = harness.TOP / "tests/system/progs/burst.py"
    result = command.run(["--delay", delay], ["/usr/bin/python3", program, "500"]).check()
    assert result.out == "500 answered\n"
    assert result.seconds < 7, result.explain()


def test_twenty_four_hosts(both):
    """Several programs at once on one world, each client on a host of its own."""
    digests = []
    curls = []
    for n in range(4):
        web = add_nginx(both, f"web{n}")
        digests.append(harness.random_file(web.folder / "file", 300_000, seed=n))
        both.server(f"redis{n}", REDIS)
        both.server(f"iperf{n}", "exec iperf3 -s")
    for n in range(4):
        curls.append(both.host(f"curl{n}", f"curl -sSf -o got http://web{n}/file",
                               after=f"web{n}:80"))
        both.host(f"cli{n}", f"redis-benchmark -h redis{n} -t get,set -c 10 -n 300 --csv",
                  after=f"redis{n}:6379")
        both.host(f"streams{n}", f"iperf3 -c iperf{n} -t 2 -P 2", after=f"iperf{n}:5201")
    assert len(both.hosts) == 24
    both.run(90).check()
    for curl, digest in zip(curls, digests):
        assert harness.sha256(curl.folder / "got") == digest
