# SPDX-License-Identifier: MIT
"""Runtimes that bring their own ways to the socket calls: Node, Go without a libc, a static
program of musl, Java, and Python's own concurrency."""

import pytest

import harness


def size(network):
    return 200_000 if network.lossy and not harness.LONG else 5_000_000


def check_lines(host, digest, count, prefix=""):
    lines = (host.folder / "hashes").read_text().splitlines()
    assert lines == [prefix + digest] * count


def test_node(every):
    web = every.server("web", "exec node $TOP/tests/system/progs/web.js serve 80")
    digest = harness.random_file(web.folder / "file", size(every))
    client = every.host("client", "node $TOP/tests/system/progs/web.js get http://web/file 8"
                       " >hashes", after="web:80")
    every.run().check()
    check_lines(client, digest, 8)


def test_node_datagrams(every):
    every.server("echo", "exec node $TOP/tests/system/progs/web.js udp-serve 7000")
    every.host("client", "sleep 1; exec node $TOP/tests/system/progs/web.js udp echo 7000")
    result = every.run().check()
    assert "answered 20" in result.out


def test_go(every, progs):
    web = every.server("web", f"exec {progs}/web-go serve :80 .")
    digest = harness.random_file(web.folder / "file", size(every))
    client = every.host("client", f"{progs}/web-go get http://web/file 8 >hashes\n"
                       "curl -sSf http://web/who >who", after="web:80")
    every.run().check()
    check_lines(client, digest, 8, "200 ")
    assert (client.folder / "who").read_text() == client.address


def test_go_preempted(both, progs):
    """Go's runtime interrupts its threads every 10 ms; blocked calls survive it."""
    web = both.server("web", f"exec {progs}/web-go serve :80 .")
    digest = harness.random_file(web.folder / "file", 50_000)
    client = both.host("client", f"{progs}/web-go preempt http://web/file 8 >hashes",
                       after="web:80")
    both.run(90).check()
    check_lines(client, digest, 40, "200 ")


@pytest.mark.parametrize("libc", ["musl", "static"])
def test_static(every, progs, libc):
    """A static client and server, of musl and of the machine's libc."""
    web = every.server("web", f"exec {progs}/fetch-{libc} -s 80")
    digest = harness.random_file(web.folder / "file", size(every))
    host = "web" if libc == "musl" else web.address  # a static glibc has no resolver of its own
    client = every.host("client", f"{progs}/fetch-{libc} {host} 80 /file >got\n"
                       "curl -sSf -o curled http://web/file", after="web:80")
    every.run().check()
    assert harness.sha256(client.folder / "got") == digest
    assert harness.sha256(client.folder / "curled") == digest


JAVA = "java -XX:-UsePerfData"  # which would stay in /tmp/hsperfdata_USER when it is killed


def test_java(every, progs):
    web = every.server("web", f"exec {JAVA} -Xshare:auto -cp {progs} Web serve 80")
    digest = harness.random_file(web.folder / "file", min(size(every), 1_000_000))
    client = every.host("client", f"{JAVA} -cp {progs} Web get web 80 4 >hashes", after="web:80")
    every.run(90).check()
    check_lines(client, digest, 5)


@pytest.mark.parametrize("form", ["asyncio", "threads", "processes", "subprocess", "selectors"])
def test_python(every, form):
    """The echo of progs/echo.py, served and asked in one of Python's ways."""
    program = "/usr/bin/python3 $TOP/tests/system/progs/echo.py"
    every.server("server", f"exec {program} serve {form} 7000")
    every.host("client", f"exec {program} ask {form} server 7000", after="server:7000")
    result = every.run().check()
    assert "20 answers" in result.out
