# SPDX-License-Identifier: MIT
"""What a network file makes happen: waiting, expecting, the timeline, ladders, the demo."""

import os
import re
import signal
import struct
import subprocess
import time

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="about berth's own files")
SERVE = "/usr/bin/python3 -u -c \"import socket; s = socket.create_server(('', 80))\nwhile 1:" \
        " c = s.accept()[0]; c.sendall(b'hello\\n'); c.close()\""
FETCH = "/usr/bin/python3 -c \"import socket; s = socket.create_connection(('web', 80), {}); " \
        "print(s.recv(9).decode().strip())\""


def indent(script):
    return script.replace("\n", "\n      ")


def run(folder, text, *words, timeout=30, environment=None):
    path = folder / "net.yaml"
    path.write_text(text)
    path.chmod(0o644)
    return subprocess.run(
        harness.unprivileged() + [harness.BERTH, "run", "-f", str(path), *words], check=False,
        capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})})


def web(text):
    return (f"hosts:\n  web:\n    command: |\n      {indent(SERVE)}\n    expect: running\n"
            f"  client:\n    after: web:80\n    command: |\n      {indent(text)}\n")


def test_after_a_host(folder):
    """A host name alone waits until its commands have ended."""
    result = run(folder, "hosts:\n  one: {command: sleep 0.3; echo first}\n"
                         "  two: {command: echo second, after: one}\n"
                         "  three: {command: echo third, after: [one, two]}\n")
    assert result.returncode == 0, result
    assert re.findall(r"\| (\w+)", result.stdout) == ["first", "second", "third"]


def test_waiting_in_vain(folder):
    """A wait that became hopeless fails the run, also along a chain."""
    result = run(folder, "hosts:\n  one: {command: 'true'}\n"
                         "  two: {command: 'true', after: one:80}\n"
                         "  three: {command: 'true', after: two:80}\n")
    assert result.returncode == 1, result
    assert "two: never started" in result.stderr and "three: never started" in result.stderr


def test_only_servers(folder):
    """A network of servers runs until it is interrupted."""
    path = folder / "net.yaml"
    path.write_text("hosts: {a: {command: sleep 1000, expect: running}}\n")
    path.chmod(0o644)
    with subprocess.Popen(harness.unprivileged() + [harness.BERTH, "run", "-f", str(path)],
                          stdin=subprocess.DEVNULL) as process:
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_environment_and_directory(folder):
    result = run(folder, "hosts:\n  a:\n    command: [sh, -c, 'echo $A-$B-$C; pwd']\n"
                         "    environment: {A: one, B: , C: two}\n    working_dir: /\n",
                 environment={"A": "own", "B": "own"})
    assert result.returncode == 0, result
    assert result.stdout.splitlines() == ["a | one-own-two", "a | /"]


def test_missing_directory(folder):
    """The message names the directory: the shell, which is there, would mislead."""
    result = run(folder, "hosts: {a: {command: 'true', working_dir: /nowhere}}")
    assert result.returncode == 1
    assert "/nowhere: No such file or directory" in result.stderr


def test_capture_has_dates(folder):
    """A packet bears the date, so that it can be laid beside the logs of programs."""
    file = folder / "dates.pcapng"
    file.touch()
    file.chmod(0o666)
    result = run(folder, f"hosts: {{a: {{command: 'true'}}}}\ncapture: {file}\n")
    assert result.returncode == 0, result
    data = file.read_bytes()
    dates = []
    while data:
        kind, size, _, high, low = struct.unpack("<5I", data[:20])
        if kind == 6:
            dates.append((high << 32 | low) / 1e9)
        data = data[size:]
    assert dates and all(abs(date - time.time()) < 60 for date in dates)


def packets_of(data):
    """Of a capture: (bytes of the frame, comment)."""
    while data:
        kind, size = struct.unpack("<2I", data[:8])
        if kind == 6:
            length, = struct.unpack("<I", data[20:24])
            at = 28 + (length + 3) // 4 * 4
            comment = None
            while at < size - 4:
                code, bytes_ = struct.unpack("<2H", data[at:at + 4])
                if code == 1:
                    comment = data[at + 4:at + 4 + bytes_].decode()
                at += 4 + (bytes_ + 3) // 4 * 4
            yield data[28:28 + length], comment
        data = data[size:]


def test_fates_in_a_capture(folder):
    """Each IPv6 packet says what became of it: the lost ones are the program's lost ones."""
    file = folder / "fates.pcapng"
    file.touch()
    file.chmod(0o666)
    send = "import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n" \
           "for i in range(200): s.sendto(b'%03d' % i, ('fd09::1', 7000))\n"
    count = "import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); " \
            "s.bind(('::', 7000)); s.settimeout(1)\nn = 0\n" \
            "try:\n  while 1: s.recv(9); n += 1\nexcept TimeoutError: print(n)\n"
    for name, program in (("send", send), ("count", count)):
        (folder / f"{name}.py").write_text(program)
        (folder / f"{name}.py").chmod(0o644)
    result = run(folder, f"""
seed: 4
networks: {{lan: {{subnet6: 'fd09::/64'}}}}
hosts:
  receiver: {{networks: {{lan: {{address6: 'fd09::1', loss: 20%, duplicate: 5%}}}},
             command: /usr/bin/python3 {folder}/count.py}}
  sender: {{after: "receiver:7000/udp", command: /usr/bin/python3 {folder}/send.py}}
capture: {file}
""")
    assert result.returncode == 0, result
    last = [comment for frame, comment in packets_of(file.read_bytes())
            if frame[12:14] == b"\x86\xdd" and frame[20] == 17 and comment != "delivered"]
    received = int(re.search(r"\| (\d+)", result.stdout).group(1))
    lost = sum("lost" in comment for comment in last)
    doubled = sum("duplicate" in comment for comment in last)
    assert lost > 10 and doubled > 2, last
    assert received == 200 - lost + doubled, (received, lost, doubled, last)


def test_several_commands(folder):
    result = run(folder, "hosts:\n  a:\n    commands:\n      - exit 3\n"
                         "      - {command: exit 4, expect: {exit: 4}}\n")
    assert result.returncode == 1
    assert "exit status 3, expected 0: exit 3" in result.stderr
    assert "exit 4" not in result.stderr


def test_partition_and_heal(folder):
    """Cut off, a connection times out; healed, the next one works; and so for a lossy link."""
    for cut in ("partition: [web, client]", "partition: [client, web], one_way: true",
                "link: web, loss: 100%", "link: client, down: {loss: 100%}"):
        script = f"sleep 0.6\n{FETCH.format(0.5)} 2>/dev/null || echo cut\nsleep 1.2\n" \
                 f"{FETCH.format(20)}"
        result = run(folder, web(script) + "timeline:\n  - {at: 2s, heal: all}\n"
                                           f"  - {{at: 0.3s, {cut}}}\n")
        assert result.returncode == 0, (cut, result)
        assert re.findall(r"\| (\w+)", result.stdout) == ["cut", "hello"], (cut, result)


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_ladder(folder, family):
    """80 columns at most; both sides' calls; in ASCII where the locale has no more."""
    network = "networks: {lan: {delay: 5ms}}\n"
    text = web(FETCH.format(5))
    question = "ARP who has 10."
    if family == "ipv6":
        network = "networks: {lan: {subnet6: 'fd09::/64', delay: 5ms}}\n"
        text = text.replace("('', 80)", "('::', 80), family=socket.AF_INET6")
        question = "ND who has fd09::1?"
    for locale, arrow in (("C.UTF-8", "▶"), ("C", ">")):
        result = run(folder, network + text, "--ladder", environment={"LC_ALL": locale})
        assert result.returncode == 0, result
        lines = result.stdout.split("TCP, ")[1].splitlines()
        assert all(len(line) <= 80 for line in lines), result.stdout
        for words in ("connect(web:80)", "accept() = ", "SYN seq=0", "SYN+ACK", "write 6 bytes",
                      "read 6 bytes", arrow, question):
            assert words in result.stdout, (words, result.stdout)


def test_demo():
    """The demo's seed loses data and an acknowledgement, and both programs do not notice."""
    examples = harness.TOP / "build" / "examples"
    if not (examples / "stream_server").exists():
        pytest.skip("the examples are not built")
    result = subprocess.run(
        harness.unprivileged() + [harness.BERTH, "run", "-f", "examples/demo.yaml", "--ladder"],
        check=False, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        cwd=harness.TOP, env={**os.environ, "EXAMPLES": str(examples), "LC_ALL": "C.UTF-8"})
    assert result.returncode == 0, result
    for words in ("| HELLO, SERVER", "| GOOD BYE", "DATA again", "accept() = 4"):
        assert words in result.stdout, result.stdout
    assert re.search(r"DATA seq=.*✗ lost|lost ✗.*DATA seq=", result.stdout), result.stdout
    assert re.search(r" ACK ack=.*✗ lost|lost ✗.*─ ACK ack=", result.stdout), result.stdout
