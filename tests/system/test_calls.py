# SPDX-License-Identifier: MIT
"""Calls as the kernel answers them: bad arguments, descriptors that move about, and what berth
says where it cannot run or does not carry something."""

import json
import os
import subprocess

import pytest

import harness

berth_only = pytest.mark.skipif(harness.NATIVE, reason="about the command itself")


def same_as_native(command, program, timeout=20):
    """A program says under berth what it says on the kernel; returns it."""
    native = subprocess.run(harness.unprivileged() + program, check=True, capture_output=True,
                            text=True, timeout=timeout, cwd=command.folder)
    carried = command.run([], program, timeout).check()
    assert carried.out.splitlines() == native.stdout.splitlines()
    return native.stdout


@berth_only
def test_bad_arguments(command, progs):
    """Bad pointers, lengths, descriptors and addresses: each errno is the kernel's."""
    said = same_as_native(command, [progs / "badcalls"])
    for error in ("EFAULT", "EINVAL", "EBADF", "ENOTSOCK", "EAFNOSUPPORT", "EMSGSIZE"):
        assert error in said


@berth_only
def test_interfaces(command):
    """ioctl() about interfaces and queues, also through sockets that are not berth's."""
    program = harness.TOP / "tests/system/progs/interfaces.py"
    said = same_as_native(command, ["/usr/bin/python3", str(program)])
    assert "AF_INET SIOCGIFADDR 020000007f000001" in said
    assert "AF_INET6 SIOCGIFADDR ENOTTY" in said


@berth_only
def test_packet_filter(command):
    """SO_ATTACH_FILTER, whose program is behind a pointer."""
    program = harness.TOP / "tests/system/progs/packetfilter.py"
    said = same_as_native(command, ["/usr/bin/python3", str(program)])
    assert "yes b'yes, but'" in said and "no None" in said and "detach EPERM" in said


@berth_only
@pytest.mark.parametrize("words", [[], ["--delay", "1ms"]])
def test_shutdown_while_writing(command, progs, words):
    """What write(2) takes while another thread shuts the socket down arrives, and nothing else."""
    assert command.run(words, [progs / "parting", "300"], 60).check().out == "whole\n"


@berth_only
def test_zerocopy(command):
    """Nobody could say when the memory of a plain send() is free: programs are told to copy."""
    program = ("import socket\nfor type in 1, 2:\n"
               " try: socket.socket(type=type).setsockopt(1, 60, 1)\n"
               " except OSError as error: print(error.errno)")
    assert command.run([], ["/usr/bin/python3", "-c", program]).check().out == "95\n95\n"


def test_flow_label_is_drawn(command):
    """IPV6_FLOWLABEL_MGR writes the label that it has drawn to where it was asked for one."""
    program = ("import ctypes, socket, struct\n"
               "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
               "asked = struct.pack('16sIBBHHHI', b'\\0' * 15 + b'\\1', 0, 0, 255, 1, 0, 0, 0)\n"
               "room = ctypes.create_string_buffer(asked, len(asked))\n"
               "print(ctypes.CDLL(None).setsockopt(s.fileno(), 41, 32, room, len(asked)),"
               " struct.unpack('16sI', room[:20])[1] != 0)")
    assert command.run([], ["/usr/bin/python3", "-c", program]).check().out == "0 True\n"


@berth_only
@pytest.mark.parametrize("name,made,option", [
    ("TCP_MD5SIG", "2, 1, 0", "6, 14"), ("TCP_AO_ADD_KEY", "2, 1, 0", "6, 38"),
    ("PACKET_FANOUT", "17, 3, 0", "263, 18"), ("PACKET_TX_RING", "17, 3, 0", "263, 13")])
def test_option_not_here(command, name, made, option):
    """Said once on standard error, however often it is tried."""
    script = (f"import socket\ns = socket.socket({made})\n"
              "for _ in range(3):\n"
              "    try:\n"
              f"        s.setsockopt({option}, b'0' * 216)\n"
              "    except OSError as e:\n"
              "        print(e.errno)\n")
    carried = command.run([], ["/usr/bin/python3", "-c", script], 20).check()
    assert carried.out.split() == ["92"] * 3
    assert carried.err.count(f"berth does not have {name}") == 1


RESET_BEFORE_ACCEPT = """
import socket, struct, time
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
name = client.getsockname()
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
time.sleep(0.2)
conn, peer = server.accept()
print(peer == name)
for call in (conn.getpeername, lambda: conn.recv(5)):
    try:
        print(call())
    except OSError as error:
        print(error.errno)
"""


@berth_only
def test_connection_that_was_reset_before_it_is_accepted(command):
    """It is accepted all the same, and accept() tells whose it was."""
    said = same_as_native(command, ["/usr/bin/python3", "-c", RESET_BEFORE_ACCEPT])
    assert said == "True\n107\n104\n"


def test_races(command, progs):
    """Descriptors and memory that change under calls, which are interrupted and restarted."""
    result = command.run([], [progs / "races", "4"], 40).check()
    assert ", 0 wrong" in result.out


@berth_only
def test_memory_that_goes_away(command, progs):
    """Unmapped by another thread while the call waits."""
    said = same_as_native(command, [progs / "unmap"], 40)
    assert said.count("EFAULT") == 20 and said.count("peer: yes") == 2


@berth_only
def test_peers(command):
    """Process numbers and credentials, of TCP's peers and of AF_UNIX's."""
    program = harness.TOP / "tests/system/progs/peers.py"
    said = same_as_native(command, ["/usr/bin/python3", program])
    assert "parent's ('child', 'ours', 'ours')" in said and "stranger" not in said


@berth_only
@pytest.mark.parametrize("mode", ["list", "kill", "trap"])
def test_filters_of_programs(command, progs, mode):
    """A program's own seccomp filter comes before ours; what it allows is carried."""
    said = same_as_native(command, [progs / "ownfilter", mode])
    assert {"list": "got pong", "kill": "killed by SYS", "trap": "bind: ENOSPC"}[mode] in said


@berth_only
def test_listener_of_a_program(command, progs):
    """The one thing that a program cannot have is a seccomp listener; the rest goes on."""
    result = command.run([], [progs / "ownfilter", "listener"], 20).check()
    assert result.out.startswith("listener: EBUSY\n") and result.out.endswith("openat: done\n")


@pytest.mark.parametrize("case", ["passed", "executed", "doubled", "moved", "replaced"])
def test_descriptors(command, case):
    """Passed by SCM_RIGHTS, inherited by exec, copied, and moved through by sendfile."""
    program = harness.TOP / "tests/system/progs/descriptors.py"
    assert command.run([], ["/usr/bin/python3", program, case], 30).check().out == "ok\n"


@berth_only
def test_no_descriptors_left(folder):
    """Nothing is lost when berth has none; one message says what is the matter."""
    program = harness.TOP / "tests/system/progs/exhausted.py"
    harness.owned_by_user(folder)
    argv = harness.unprivileged() + ["prlimit", "--nofile=150", harness.BERTH, "run", "--",
                                     "/usr/bin/python3", str(program)]
    result = harness.Job(argv, folder).wait(30).check()
    assert result.out == "ok\n"
    said = [line for line in result.err.splitlines() if "seed" not in line]
    assert len(said) == 1 and "no descriptors are left of 150" in said[0], result.err


@berth_only
@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
def test_seccomp_is_forbidden(command, progs, error):
    """One sentence from berth run, the details and a remedy from berth doctor."""
    forbid = harness.unprivileged() + [progs / "forbid", error, harness.BERTH]
    result = subprocess.run(forbid + ["run", "--seed", "1", "--", "echo", "ran"], check=False,
                            capture_output=True, text=True, timeout=20)
    assert result.returncode == 125 and not result.stdout, result
    said = [line for line in result.stderr.splitlines() if "seed" not in line]
    assert len(said) == 1 and "seccomp" in said[0] and "berth doctor" in said[0], result
    result = subprocess.run(forbid + ["doctor"], check=False, capture_output=True, text=True,
                            timeout=20)
    assert result.returncode == 1, result
    assert "MISSING" in result.stdout and "remedy" in result.stdout, result


@berth_only
def test_capture_tells_fates(command):
    """Each packet of a capture has a comment: what became of it, and by which rule."""
    program = """
import socket
a = socket.socket(type=socket.SOCK_DGRAM)
a.bind(("127.0.0.1", 9))
for i in range(200):
    a.sendto(b"x", ("127.0.0.1", 9))
"""
    command.run(["--loss", "20%", "--duplicate", "10%", "--seed", "3", "--capture", "c.pcapng"],
                ["/usr/bin/python3", "-c", program], 30).check()
    capture = (command.folder / "c.pcapng").read_bytes()
    assert capture[:4] == b"\x0a\x0d\x0d\x0a"
    lost = capture.count(b"lost: loss 20%")
    assert 20 <= lost <= 60, lost
    assert capture.count(b"delivered") + lost >= 200
    assert b"duplicate" in capture


@berth_only
def test_seed_is_told(command):
    """A drawn seed is printed, so that a run with impairments can be repeated."""
    result = command.run(["--loss", "1%"], ["true"], 20).check()
    assert result.err.startswith("berth: seed ")
    assert int(result.err.split()[2]) >= 0


def on_terminal(words, environment):
    """What a command writes to a terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(harness.unprivileged() + [harness.BERTH, *words], stdin=theirs,
                          stdout=theirs, stderr=theirs,
                          env={"PATH": harness.PATH, "TERM": "xterm", **environment}) as process:
        os.close(theirs)
        text = b""
        try:
            while data := os.read(ours, 65536):
                text += data
        except OSError:
            pass  # nobody has the other end any more
        os.close(ours)
    assert process.returncode == 0, text
    return text


@berth_only
def test_colour():
    """Only on a terminal, and not where NO_COLOR forbids it."""
    assert b"\x1b[" in on_terminal(["doctor"], {})
    assert b"\x1b[" not in on_terminal(["doctor"], {"NO_COLOR": "1"})
    result = subprocess.run(harness.unprivileged() + [harness.BERTH, "doctor"], check=True,
                            capture_output=True, timeout=20)
    assert b"\x1b[" not in result.stdout


@berth_only
@pytest.mark.parametrize("text,ok", [("hosts: {a: {command: 'true'}}\n", True),
                                     ("hosts: {a: {comand: 'true'}}\n", False)])
def test_validate_as_json(folder, text, ok):
    path = folder / "net.yaml"
    path.write_text(text)
    path.chmod(0o644)
    result = subprocess.run(
        harness.unprivileged() + [harness.BERTH, "validate", "--json", str(path)], check=False,
        capture_output=True, text=True, timeout=20)
    told = json.loads(result.stdout)
    assert told["ok"] is ok and bool(told["errors"]) is not ok
    assert (result.returncode == 0) is ok
