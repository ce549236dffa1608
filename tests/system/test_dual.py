# SPDX-License-Identifier: MIT
"""tests/dual's programs on the kernel, in a network namespace of their own, and under `berth
run`: each prints a line for each observation, and the lines must be the same.

What berth answers otherwise, and docs/limits.md or docs/conformance.md says so, is in DIFFERENT.
"""

import collections
import fcntl
import functools
import os
import pathlib
import re
import subprocess

import pytest

import harness

SOURCES = harness.TOP / "tests" / "dual"
PROGRAMS = sorted(path.stem for path in SOURCES.glob("*.c") if path.stem != "dual")
LEAST = 17000  # comparisons, all programs together

# Patterns: of the line, of the kernel's answer, of berth's; and the words of the docs about it.
UNMADE = r"sendrecv . tcp (new|listening), "
DIFFERENT = [
    (UNMADE + r"(send|send nothing|write)", "-1 EPIPE", "-1 ENOTCONN",
     "sends on a socket that was never"),
    (UNMADE + r"(recv|recv nothing|recv PEEK|recvfrom|read)", "-1 ENOTCONN", "-1 EINVAL",
     "receives on one"),
    (r"sendrecv . tcp after two urgent bytes", "-1 EAGAIN", "1 1",
     "leaves an urgent byte unread until"),
    (r"sendrecv . udp \d+ bytes", "-1 EMSGSIZE", r"\d+", "sends more than fits a datagram"),
    (r"sendrecv . udp unconnected, send.*", "-1 EDESTADDRREQ", "1", "sends without a destination"),
    (r"control . tcp TCP_INQ, no more", "5 no flags of 24: 6/36 00000000",
     "5 no flags of 0: none", "asks for TCP_INQ"),
    (r"ioctls tcp . (urgent ahead|at the urgent byte|more behind it), FIONREAD", "0 [01]",
     "0 [12]", "asks FIONREAD when an urgent byte is there"),
    (r"shutdowns . tcp (new|bound|refused), (RD|WR|RDWR|-1|3), recvmsg", "0", "-1 ENOTCONN",
     "receives by recvmsg when it was shut down"),
    (r"shutdowns . tcp listening, (RD|RDWR), recvmsg", "0", "-1 ENOTCONN",
     "receives by recvmsg when it was shut down"),
    (r"ioctls netlink new, FIONREAD", "-1 ENOTTY", "0 0", "asks FIONREAD of a netlink socket"),
    (r"errqueue . udp sendto after an error", "-1 ECONNREFUSED", "-1 ECONNRESET",
     "hears of an ICMP error by a plain"),
    (r"waits . (tcp recvfrom|udp recvfrom|udp recvmsg|udp recvmmsg), a signal that restarts, "
     r"with a time-out", "-1 EINTR, signals 1", "1 , signals 1",
     "when a handler with SA_RESTART runs"),
    (r"options tcp . (TCP_DEFER_ACCEPT|TCP_FASTOPEN), of the listener",
     "4:1, accepted 4:0", "4:1, accepted 4:1", "has its listener's TCP_DEFER_ACCEPT"),
    (r"options tcp . SO_PEEK_OFF, of the listener", "4:1, accepted 4:1", "4:1, accepted 4:-1",
     "SO_PEEK_OFF, and its own interface"),
    (r"options tcp . (IP_MULTICAST_TTL|IPV6_MULTICAST_HOPS), of the listener",
     "4:1, accepted 4:64", "4:1, accepted 4:1", "those of the SYN that came"),
    (r"options tcp . (IP_MULTICAST_TTL|IPV6_MULTICAST_HOPS), accepted",
     "4:64(, .*)", "4:1(, .*)", "those of the SYN that came"),
    (r"options tcp 6 IPV6_MULTICAST_IF, of the listener", "4:0, accepted 4:1",
     "4:0, accepted 4:0", "those of the SYN that came"),
    (r"options tcp 6 IPV6_MULTICAST_IF, accepted", "4:1(, .*)", "4:0(, .*)",
     "those of the SYN that came"),
    (r"options tcp . TCP_WINDOW_CLAMP, (connected|accepted)", r"4:\d+(, .*)", "4:0(, .*)",
     "TCP_WINDOW_CLAMP is 0 until it is set"),
    (r"options tcp . TCP_MAXSEG, refused",
     r"4:(?:524|1208), 1: EINVAL, 0: 0 4:(?:524|1208)(, .*)",
     "4:536, 1: EINVAL, 0: 0 4:536(, .*)", "TCP_MAXSEG is the default again"),
    (r"refusals . udp( round \d| turn \d)? natively, .*", "-1 ECONNREFUSED", "-1 ECONNRESET",
     "hears of an ICMP error by"),
    (r"sockets 4 PACKET -?\d+ socket", "made .*", "-1 (?:ESOCKTNOSUPPORT|EINVAL)",
     "SOCK_PACKET, obsolete"),
    (r"readiness . tcp urgent( read)?, .*", r".*(?:OUT|-w[x-])", r".*(?:IN\|(?:PRI\|)?OUT|rw[x-])",
     "polls when the urgent byte is all there is"),
]

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="does so itself")


@functools.cache
def kernel_lines(program):
    """What a program says on the kernel, where each runs once."""
    run = subprocess.run(harness.apart() + [program], capture_output=True, text=True, timeout=120,
                         check=False, cwd=program.parent)
    assert run.returncode == 0, run
    return run.stdout.splitlines()


@pytest.fixture(scope="session")
def dual():
    """The folder of the programs, built."""
    build = pathlib.Path(harness.BERTH).parent
    if not os.access(build, os.W_OK):
        build = harness.make_folder(pathlib.Path("/tmp") / f"berth-progs-{os.geteuid()}")
    out = harness.make_folder(build / "dual")
    with open(build / "dual.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-C", str(SOURCES), f"OUT={out}"], check=True,
                       env=os.environ | {"MAKEFLAGS": ""})
    return out


def documented(name, kernel, berth):
    """Whether an entry of DIFFERENT is about these answers. What its groups match in the answers,
    if it has any, has to be the same in both."""
    for entry in DIFFERENT:
        name_is, theirs, ours = map(re.fullmatch, entry[:3], (name, kernel, berth))
        if name_is and theirs and ours and (not ours.groups() or theirs.groups() == ours.groups()):
            return True
    return False


def split(line):
    name, _, answer = line.partition(": ")
    return name, answer


def compare(kernel, berth):
    """The lines that differ and should not."""
    wrong = []
    for ours, theirs in zip(berth, kernel):
        if ours == theirs:
            continue
        name, answer = split(ours)
        if name != split(theirs)[0] or not documented(name, split(theirs)[1], answer):
            wrong.append(f"kernel: {theirs}\nberth:  {ours}")
    if len(kernel) != len(berth):
        wrong.append(f"{len(kernel)} lines on the kernel, {len(berth)} under berth")
    return wrong


@pytest.mark.parametrize("program", PROGRAMS)
def test_dual(command, dual, program):
    if harness.apart() is None:
        pytest.skip("no network namespaces for users here")
    lines = kernel_lines(dual / program)
    berth = command.run([], [dual / program], 120).check()
    wrong = compare(lines, berth.out.splitlines())
    assert not wrong, f"{len(wrong)} of {len(lines)}\n" + "\n".join(wrong)


def test_enough(dual):
    """As many comparisons as were promised, none of them twice over."""
    if harness.apart() is None:
        pytest.skip("no network namespaces for users here")
    lines = []
    for program in PROGRAMS:
        lines += kernel_lines(dual / program)
    assert len(lines) >= LEAST, len(lines)
    names = collections.Counter(split(line)[0] for line in lines)
    assert not [name for name, times in names.items() if times > 1]


def test_differences_are_documented():
    """The words are in the docs, and each entry is about something."""
    docs = "".join((harness.TOP / "docs" / name).read_text(encoding="utf-8")
                   for name in ("limits.md", "conformance.md"))
    for pattern, kernel, berth, words in DIFFERENT:
        assert words in docs, words
        assert kernel != berth, pattern
