# SPDX-License-Identifier: MIT
"""The lecture's programs (examples/), each in three ways: on the kernel, in a network namespace of
their own, as unmodified programs under `berth run`, and linked against libberth. What they print
must be the same."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

import harness

EXAMPLES = pathlib.Path(harness.BERTH).parent / "examples"
PROGRAMS = sorted(path.stem for path in (harness.TOP / "examples").glob("*.c")
                  if path.stem != "embed_echo")
FAMILIES = ["-4", "-6", "-u"]

pytestmark = [pytest.mark.skipif(harness.NATIVE, reason="does so itself"),
              pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples are not built")]


def all_ways(*families):
    return pytest.mark.parametrize("way,family", [
        pytest.param(way, family, id=f"{way}{family}")
        for family in families for way in ("kernel", "berth", "libberth")])


def script_of(server, clients):
    """A shell script that starts the server, then each client as soon as it is answered."""
    lines = ["set -u", f"cd {shlex.quote(str(EXAMPLES))}"]
    if server:
        lines.append(f"./{shlex.join(server)} & server=$!")
    for client in clients:
        command = "./" + shlex.join(client)
        lines.append(f"n=0; until {command} >\"$TMPDIR/out\" 2>\"$TMPDIR/err\"; do n=$((n + 1));"
                     f" [ $n -lt 30 ] || {{ cat \"$TMPDIR/err\"; exit 1; }}; sleep 0.1; done;"
                     " cat \"$TMPDIR/out\"")
    if server:
        lines.append("wait $server")
    return "\n".join(lines)


def run_script(way, folder, server, clients):
    script = script_of(server, clients)
    harness.owned_by_user(folder)
    folder = harness.owned_by_user(harness.make_folder(folder / way))
    argv = ["sh", "-c", script]
    if way == "berth":
        argv = harness.unprivileged() + [harness.BERTH, "run", "--", *argv]
    elif harness.apart() is None:
        pytest.skip("no network namespaces for users here")
    else:
        argv = harness.apart() + argv
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False,
                          cwd=folder, stdin=subprocess.DEVNULL,
                          env=os.environ | {"TMPDIR": str(folder), "LC_ALL": "C"})


def run_linked(server, clients):
    argv = [str(EXAMPLES / "on_libberth")]
    for number, program in enumerate(([server] if server else []) + clients):
        argv += (["+"] if number else []) + ["localhost"] + program
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def plain(text):
    """Without what differs from run to run: ports, times, whose line it is, late answers."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r"^localhost \| ", "", line)
        line = re.sub(r",p\d{5}\b", ",pPORT", line)
        line = re.sub(r"[\d.]+ ms$", "T ms", line)
        if not line.startswith("no answer to"):
            lines.append(line)
    return sorted(lines)


def run(way, folder, server, clients):
    """What all of them print, as sorted lines."""
    result = run_linked(server, clients) if way == "libberth" \
        else run_script(way, folder, server, clients)
    assert result.returncode == 0, result
    return plain(result.stdout)


def place(family, folder):
    """The server's arguments and the client's, for a family."""
    path = str(folder / "socket")
    return {"-4": (["7000"], ["127.0.0.1", "7000"]), "-6": (["7000"], ["::1", "7000"]),
            "-u": ([path], [path])}[family]


def test_all_programs_are_tested():
    source = pathlib.Path(__file__).read_text(encoding="utf-8")
    missing = [name for name in PROGRAMS if f'"{name}"' not in source]
    assert PROGRAMS and not missing, missing


@all_ways(*FAMILIES)
@pytest.mark.parametrize("server", ["stream_server", "select_server", "poll_server"])
def test_stream(way, family, server, folder):
    bind, connect = place(family, folder)
    out = run(way, folder, [server, family, *bind, "2"],
              [["stream_client", family, *connect, "hello", "good bye"],
               ["stream_client", family, *connect, "me too"]])
    said = [line for line in out if line.isupper()]
    assert said == ["GOOD BYE", "HELLO", "ME TOO"], out
    if server == "stream_server":
        assert sum("a client on" in line for line in out) == 2, out


@all_ways(*FAMILIES)
def test_datagram(way, family, folder):
    bind, connect = place(family, folder)
    out = run(way, folder, ["datagram_server", family, *bind, "2"],
              [["datagram_client", family, *connect, "one", "two"]])
    assert out == ["ONE", "TWO"], out


@all_ways(*FAMILIES)
def test_socket_pairs(way, family, folder):
    """The server's end is the same for both, and each side prints the pair."""
    bind, connect = place(family, folder)
    out = run(way, folder, ["socket_pairs", family, *bind, "2"],
              [["stream_client", family, *connect], ["stream_client", family, *connect]])
    pair = {"-4": "127.0.0.1,p7000 + 127.0.0.1,pPORT", "-6": "::1,p7000 + ::1,pPORT",
            "-u": f"{folder}/socket + -"}[family]
    assert out == [pair] * 4, out


@all_ways("raw", "raw6")
def test_ping(way, family, folder):
    address = "::1" if family == "raw6" else "127.0.0.1"
    out = run(way, folder, None, [["ping", address, "2"]])
    assert out == ["2 of 2 answered", f"64 bytes from {address}: sequence 1, T ms",
                   f"64 bytes from {address}: sequence 2, T ms"], out


@all_ways("-4")
def test_resolver(way, family, folder):
    assert family == "-4"
    out = run(way, folder, None, [["resolver", "localhost", "127.0.0.1"],
                                  ["resolver", "-s", "http", "https", "ftp", "smtp"]])
    for line in ("gethostbyname localhost: localhost 127.0.0.1",
                 "gethostbyaddr 127.0.0.1: localhost 127.0.0.1",
                 "getaddrinfo localhost: 127.0.0.1", "getnameinfo 127.0.0.1: localhost",
                 "http: 80", "https: 443", "ftp: 21", "smtp: 25"):
        assert line in out, (line, out)


OPTIONS = {
    "options-4": [["-4", "-s", "IP_TTL=7", "SO_RCVTIMEO=1.5", "SO_LINGER=3", "TCP_NODELAY=1",
                   "SO_TYPE=2"],
                  ["-4", "-d", "SO_BROADCAST=1", "SO_SNDBUF=5000", "IP_TOS=16"]],
    "options-6": [["-6", "-s", "IPV6_V6ONLY=1", "IPV6_UNICAST_HOPS=9"],
                  ["-6", "-d", "IPV6_TCLASS=8"]],
    "options-u": [["-u", "-s", "SO_PASSCRED=1", "SO_SNDBUF=9999"],
                  ["-u", "-d", "IP_TTL=7", "SO_RCVLOWAT=5"]],
}
# The host's own choice of a congestion control.
OWN_CHOICE = ("TCP_CONGESTION = ",)


@pytest.mark.parametrize("family", OPTIONS)
@pytest.mark.parametrize("way", ["berth", "libberth"])
def test_options(way, family, folder):
    """Every option as the kernel has it."""
    for words in OPTIONS[family]:
        programs = [["options", *words]]
        kernel = run("kernel", folder, None, programs)
        ours = run(way, folder, None, programs)
        assert [line for line in ours if not line.startswith(OWN_CHOICE)] == \
            [line for line in kernel if not line.startswith(OWN_CHOICE)]


def test_two_hosts(folder):
    """Under berth on two hosts, on a network that loses packets."""
    net = harness.Network(folder, harness.LOSSY)
    net.server("server", f"exec {EXAMPLES}/stream_server 7000")
    client = net.host("client", f"{EXAMPLES}/stream_client server 7000 hello 'good bye' >out",
                      after="server:7000")
    net.run().check()
    assert (client.folder / "out").read_text() == "HELLO\nGOOD BYE\n"


@pytest.mark.parametrize("seed", range(5))
def test_linked_lossy(seed):
    """Linked, in virtual time: 40 ms and every tenth packet lost."""
    result = subprocess.run(
        [EXAMPLES / "on_libberth", "-d", "20", "-l", "10", "-s", str(seed), "server",
         "stream_server", "7000", "1", "+", "client", "stream_client", "-4", "server", "7000",
         "hello", "good bye"], capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 0, result
    assert [line for line in result.stdout.splitlines() if line.startswith("client")] == \
        ["client | HELLO", "client | GOOD BYE"], result
