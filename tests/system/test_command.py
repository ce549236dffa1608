# SPDX-License-Identifier: MIT
"""The command itself: statuses, signals, what it leaves behind, what it says of mistakes."""

import os
import signal
import socket
import struct
import subprocess
import time

import pytest

import harness

berth_only = pytest.mark.skipif(harness.NATIVE, reason="about the command itself")
LISTEN = "socket.create_server(('', 7000))"


def berth(*words):
    return subprocess.run(harness.unprivileged() + [harness.BERTH, *words], check=False,
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


@berth_only
@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_status_of_command(command, script, status):
    result = command.run([], ["sh", "-c", script], 20)
    assert result.status == status, result.explain()
    assert not result.leftovers


@berth_only
def test_status_of_failures(command, folder):
    assert command.run([], ["/nowhere/none"], 20).status == 127
    assert command.run([], ["/etc/passwd"], 20).status == 126
    assert berth("run", "-f", str(folder / "none.yaml")).returncode in (2, 125)


@berth_only
@pytest.mark.parametrize("words", [
    ["frobnicate"], ["run"], ["run", "--delay", "fast", "--", "true"],
    ["run", "--loss", "200%", "--", "true"], ["run", "--no-such-option", "--", "true"]])
def test_usage_errors(words):
    result = berth(*words)
    assert result.returncode == 2, result
    assert result.stderr and not result.stdout


@berth_only
def test_help_and_version():
    for words in (["--help"], ["--version"], ["run", "--help"]):
        result = berth(*words)
        assert result.returncode == 0 and result.stdout and not result.stderr, result
    assert "0.1.0" in berth("--version").stdout


@berth_only
def test_doctor():
    result = berth("doctor")
    assert result.returncode == 0, result
    assert "seccomp" in result.stdout


MISTAKES = {
    "unknown key": ("hosts:\n  web:\n    netwroks: [lan]\n", 3, "netwroks"),
    "bad unit": ("networks:\n  lan: {subnet: 10.9.0.0/24, delay: 5parsecs}\n"
                 "hosts:\n  a: {networks: [lan], command: 'true'}\n", 2, "5parsecs"),
    "overlap": ("networks:\n  lan: {subnet: 10.9.0.0/24}\n  wan: {subnet: 10.9.0.0/16}\n"
                "hosts:\n  a: {networks: [lan, wan], command: 'true'}\n", None, "overlap"),
    "unknown host": ("networks:\n  lan: {subnet: 10.9.0.0/24}\nhosts:\n  a:\n"
                     "    networks: [lan]\n    command: 'true'\n    after: nobody:80\n", 7,
                     "nobody"),
    "same address": ("networks:\n  lan: {subnet: 10.9.0.0/24}\nhosts:\n"
                     "  a: {networks: {lan: {address: 10.9.0.5}}, command: 'true'}\n"
                     "  b: {networks: {lan: {address: 10.9.0.5}}, command: 'true'}\n", 5,
                     "10.9.0.5"),
    "tab": ("networks:\n\tlan: {subnet: 10.9.0.0/24}\n", 2, "tab"),
    "no such network": ("networks:\n  lan: {subnet: 10.9.0.0/24}\nhosts:\n"
                        "  a: {networks: [wan], command: 'true'}\n", 4, "wan"),
}


@berth_only
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("form", ["run", "validate"])
def test_mistakes_in_network_files(folder, mistake, form):
    """Refused with the file, the line and the word that is wrong."""
    text, line, word = MISTAKES[mistake]
    path = folder / "net.yaml"
    path.write_text(text)
    result = berth(*(["run", "-f"] if form == "run" else ["validate"]), str(path))
    assert result.returncode != 0, result
    assert word in result.stderr, result
    place = "net.yaml:" if line is None else f"net.yaml:{line}"
    assert place in result.stderr, result


ESCAPES = '''networks: {lan: {subnet: 10.9.0.0/24}}
hosts:
  a: {networks: [lan], command: ["/\\e[31mnone"]}
  b: {networks: [lan], command: "exit 3 # \\e]0;title\\a"}
'''


@berth_only
@pytest.mark.parametrize("mistake", ["", '  "\\e[31m": {}\n', '  c: {"\\u009b2J": 3}\n'])
def test_no_control_characters_of_files(folder, mistake):
    """What a network file says is quoted to the terminal, and does not command it."""
    path = folder / "net.yaml"
    path.write_text(ESCAPES + mistake)
    result = berth("run", "-f", str(path))
    assert result.returncode == (2 if mistake else 1), result
    assert "\x1b" not in result.stderr and "\x9b" not in result.stderr, result
    assert "\\x" in result.stderr and "\a" not in result.stderr, result


@berth_only
def test_output_is_prefixed(net):
    net.host("one", "echo first; echo second >&2")
    net.host("two", "echo third")
    result = net.run(20).check()
    lines = (result.out + result.err).splitlines()
    for host, word in (("one", "first"), ("one", "second"), ("two", "third")):
        assert any(line.startswith(host) and line.endswith(word) for line in lines), lines


@berth_only
def test_expectations(net):
    """A host that ends otherwise than expected fails the run, and is named."""
    net.host("good", "exit 3", expect=3)
    net.host("bad", "exit 4")
    result = net.run(20)
    assert result.status != 0 and "bad" in result.err, result.explain()
    assert not result.leftovers


@berth_only
def test_server_that_dies(net):
    net.server("web", "sleep 0.5; exit 0")
    net.host("client", "sleep 2")
    result = net.run(20)
    assert result.status != 0 and "web" in result.err, result.explain()


BUSY_SERVER = "exec /usr/bin/python3 -m http.server 80"
BUSY_CLIENT = """
touch started
while curl -sf -o /dev/null http://web/; do sleep 0.05; done
setsid sleep 1000 &
sleep 1000
"""


def start_busy(network):
    """A network in full swing, with a child that left its session."""
    network.server("web", BUSY_SERVER)
    client = network.host("client", BUSY_CLIENT.replace("while", "setsid sleep 1000 & while"),
                          after="web:80")
    job = network.start()
    deadline = time.monotonic() + 20
    while not (client.folder / "started").exists():
        assert time.monotonic() < deadline and job.process.poll() is None, job.text("stderr")
        time.sleep(0.05)
    time.sleep(0.5)
    return job


@berth_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped(both, number):
    """Ctrl-C reaches the whole foreground group; the others berth alone."""
    job = start_busy(both)
    if number == signal.SIGINT:
        os.killpg(job.process.pid, number)
    else:
        os.kill(job.process.pid, number)
    result = job.wait(15)
    assert result.status in (128 + number, -number), result.explain()
    assert not result.leftovers, result.leftovers


@berth_only
def test_killed(both):
    """kill -9 of berth: nothing outlives it, no process, file or socket."""
    job = start_busy(both)
    os.kill(job.process.pid, signal.SIGKILL)
    result = job.wait(15, grace=5)
    assert result.status == -signal.SIGKILL
    assert not result.leftovers, result.leftovers


@berth_only
def test_killed_alone(command):
    """The same for one command, which ignores what can be ignored."""
    job = command.start(["--delay", "5ms"], ["sh", "-c", f"""
trap '' INT TERM HUP PIPE
touch started
/usr/bin/python3 -c "import socket; s = {LISTEN}; s.accept()"
sleep 1000
"""])
    while not (job.folder / "started").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(job.process.pid, signal.SIGKILL)
    result = job.wait(15, grace=5)
    assert not result.leftovers, result.leftovers


@berth_only
def test_background_of_command(command):
    """A command that leaves a daemon behind: the run ends with the command, without leftovers."""
    result = command.run([], ["sh", "-c", "setsid sleep 1000 & exit 5"], 20)
    assert result.status == 5, result.explain()
    assert not result.leftovers, result.leftovers


def test_environment(command):
    """Standard input, directory and environment are the caller's."""
    result = command.run([], ["sh", "-c", 'echo "$COLOUR"; pwd; cat'], 20,
                         env={"COLOUR": "blue"}).check()
    assert result.out.splitlines() == ["blue", str(command.folder)]


SCRIPT = """
/usr/bin/python3 -m http.server --bind $0 8000 >server.log 2>&1 &
curl -sSf --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 30 -o got \
    http://$1:8000/file
kill $!
"""
BINDINGS = [("0.0.0.0", "localhost"), ("::1", "[::1]"), ("::", "localhost"), ("::", "127.0.0.1")]


@pytest.mark.parametrize("binding", BINDINGS)
@pytest.mark.parametrize("options", [[], ["--delay", "20ms", "--loss", "2%"]])
def test_script_on_localhost(command, options, binding):
    digest = harness.random_file(command.folder / "file", 500_000)
    command.run(options, ["sh", "-euc", SCRIPT, *binding], 60).check()
    assert harness.sha256(command.folder / "got") == digest


LOCALHOSTS = {"ipv4": ("AF_INET", "127.0.0.1"), "ipv6": ("AF_INET6", "::1"),
              "mapped": ("AF_INET6", "::ffff:127.0.0.1")}


@berth_only
@pytest.mark.parametrize("localhost", LOCALHOSTS)
def test_delay_on_localhost(command, localhost):
    """The impairments hold on the loopback too: a round trip takes two delays."""
    program = """
import socket, sys, threading, time
family = getattr(socket, sys.argv[1])
server = socket.socket(family)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[2], 7000))
server.listen()
def echo():
    connection = server.accept()[0]
    while data := connection.recv(1):
        connection.send(data)
threading.Thread(target=echo, daemon=True).start()
client = socket.socket(family)
client.connect((sys.argv[2], 7000))
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
times = []
for _ in range(10):
    start = time.monotonic()
    client.send(b"x")
    client.recv(1)
    times.append(time.monotonic() - start)
print(sorted(times)[5])
"""
    result = command.run(["--delay", "20ms"],
                         ["/usr/bin/python3", "-c", program, *LOCALHOSTS[localhost]], 30).check()
    assert 0.040 <= float(result.out) < 0.060, result.out


SUITE = '''
import http.server, threading, urllib.request
import pytest

@pytest.fixture(scope="module")
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()

@pytest.mark.parametrize("number", range(5))
def test_get(url, number):
    with urllib.request.urlopen(url + "/test_own.py", timeout=30) as answer:
        assert b"test_get" in answer.read()
'''


def test_pytest_suite(command):
    """A test suite that starts its own server on localhost, unchanged."""
    (command.folder / "test_own.py").write_text(SUITE)
    result = command.run(["--delay", "20ms", "--loss", "2%", "--seed", "3"],
                         ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                          "test_own.py"], 60).check()
    assert "5 passed" in result.out


@berth_only
@pytest.mark.parametrize("localhost", ["ipv4", "ipv6"])
def test_same_seed_same_fates(command, localhost):
    """Datagrams of one host to itself: the same ones are lost in each run of a seed."""
    program = """
import socket, sys
family = getattr(socket, sys.argv[1])
a = socket.socket(family, socket.SOCK_DGRAM)
a.bind((sys.argv[2], 0))
b = socket.socket(family, socket.SOCK_DGRAM)
b.connect(a.getsockname())
a.settimeout(0.2)
for i in range(200):
    b.send(b"%d" % i)
    try:
        print(a.recv(100).decode(), end=" ")
    except TimeoutError:
        pass
"""
    outputs = []
    for seed in ("5", "5", "6"):
        outputs.append(command.run(["--loss", "5%", "--seed", seed],
                                   ["/usr/bin/python3", "-c", program,
                                    *LOCALHOSTS[localhost]], 60).check().out)
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]
    assert 150 < len(outputs[0].split()) < 200


TIMESTAMP = """
import socket, struct, time
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
there.setsockopt(socket.SOL_SOCKET, 29, 1)
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.sendto(b"x", there.getsockname())
level, kind, data = there.recvmsg(10, 100)[1][0]
assert (level, kind) == (socket.SOL_SOCKET, 29)
assert abs(struct.unpack("ll", data)[0] - time.time()) < 5
"""


def test_timestamps_are_unix_time(command):
    """SO_TIMESTAMP: the world's clock is monotonic, the program's is not."""
    result = command.run([], ["/usr/bin/python3", "-c", TIMESTAMP], 20)
    assert result.status == 0, result.explain()


@berth_only
def test_no_berth_inside_berth():
    result = berth("run", "--", harness.BERTH, "run", "--", "true")
    assert result.returncode == 125
    assert "already under `berth run`" in result.stderr


REMARKS = """
import socket
for attempt in range(2):
    try:
        socket.socket().connect(("192.0.2.1", 80))
    except OSError as error:
        print(error.errno)
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
    except OSError:
        pass
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    except OSError as error:
        print(error.errno)
"""


@berth_only
def test_what_is_missing_is_named_once():
    result = berth("run", "--", "/usr/bin/python3", "-c", REMARKS)
    assert result.stdout == "101\n97\n101\n97\n"
    remarks = [line for line in result.stderr.splitlines() if "seed" not in line]
    assert len(remarks) == 3
    assert "192.0.2.1:80" in remarks[0] and "no way out" in remarks[0]
    assert "SOCK_STREAM" in remarks[1] and "raw IP" in remarks[1]
    assert "AF_VSOCK" in remarks[2]


@berth_only
def test_host_name(folder):
    """Programs see the name of their host, if somebody gave it one."""
    asked = "import socket; print(socket.gethostname())"
    assert berth("run", "--", "/usr/bin/python3", "-c", asked).stdout == socket.gethostname() + "\n"
    named = berth("run", "--host", "web", "--", "sh", "-c", "uname -n; getent hosts $(hostname)")
    assert named.stdout.split() == ["web", "10.0.0.1", "web"]
    file = folder / "names.yaml"
    file.write_text("networks: {lan: {subnet: 10.9.0.0/24}}\n"
                    "hosts: {one: {networks: [lan], command: uname -n}}\n")
    assert berth("run", "-f", str(file)).stdout == "one | one\n"


STREAM = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    sender = socket.create_connection(listener.getsockname())
    for _ in range(40):
        sender.sendall(bytes(1 << 20))
    os._exit(0)
receiver, _ = listener.accept()
left = 40 << 20
while left > 0:
    left -= len(receiver.recv(1 << 20))
print("done", flush=True)
"""


@berth_only
def test_stalled_reader_of_a_capture():
    """Nobody reads the capture while the program runs, which goes on all the same; what the reader
    gets in the end is whole, and how much is not in it is said."""
    made = subprocess.Popen(harness.unprivileged() + [harness.BERTH, "run", "--capture", "-", "--",
                                                      "/usr/bin/python3", "-c", STREAM],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    for line in made.stderr:
        if line == b"done\n":
            break
    else:
        raise AssertionError("the program did not come to its end")
    blocks, said = made.communicate(timeout=30)
    assert made.returncode == 0
    assert b"packets are not in the capture" in said
    assert len(blocks) > 16 << 20
    at = 0
    while at < len(blocks):
        _, size = struct.unpack_from("<II", blocks, at)
        assert struct.unpack_from("<I", blocks, at + size - 4)[0] == size
        at += size
    assert at == len(blocks)

@berth_only
@pytest.mark.parametrize("words", [[], ["--capture", "/dev/full"]])
def test_full_disk(folder, words):
    """What could not be written is said, and the status tells."""
    file = folder / "full.yaml"
    file.write_text("networks: {lan: {subnet: 10.9.0.0/24}}\n"
                    "hosts: {one: {networks: [lan],"
                    " command: echo hello; curl -s --max-time 1 10.9.0.9 || true}}\n")
    with open("/dev/full" if not words else "/dev/null", "w", encoding="ascii") as out:
        result = subprocess.run(harness.unprivileged() +
                                [harness.BERTH, "run", *words, "-f", str(file)], check=False,
                                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                                text=True, timeout=30)
    assert result.returncode == 125, result
    assert "No space left on device" in result.stderr


@berth_only
def test_file_size_limit(folder):
    """A capture that outgrows the limit of files ends there; the programs go on."""
    harness.owned_by_user(folder)
    file = folder / "net.yaml"
    file.write_text("networks: {lan: {subnet: 10.9.0.0/24}}\n"
                    "hosts:\n"
                    "  web: {networks: [lan], command: exec /usr/bin/python3 -m http.server 80,"
                    " expect: running}\n"
                    "  one: {networks: [lan], after: web:80, command: 'for i in 1 2 3 4 5 6 7 8;"
                    " do curl -sSf -o /dev/null http://web/; done; echo done'}\n")
    argv = harness.unprivileged() + ["prlimit", "--fsize=20000", harness.BERTH, "run",
                                     "--capture", "net.pcapng", "-f", str(file)]
    result = harness.Job(argv, folder).wait(30)
    assert result.status == 125 and not result.leftovers, result.explain()
    assert "net.pcapng: File too large" in result.err, result.explain()
    assert "done" in result.out, result.explain()
    assert (folder / "net.pcapng").stat().st_size <= 20000


STANDARD = """
for i in 0 1 2; do [ -e /proc/$$/fd/$i ] || touch no$i; done
exec /usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
open("done", "w")'
"""


@berth_only
@pytest.mark.parametrize("closed", ["0", "1", "2", "01", "12", "012"])
@pytest.mark.parametrize("how", ["command", "file"])
def test_closed_standard_streams(folder, closed, how):
    """What was closed stays closed for the program, and nothing of berth's takes its place."""
    harness.owned_by_user(folder)
    (folder / "net.yaml").write_text("hosts: {one: {networks: [lan], command: echo hello}}\n"
                                     "networks: {lan: {subnet: 10.9.0.0/24}}\n")
    words = ["-f", "net.yaml"] if how == "file" else ["--", "sh", "-c", STANDARD]
    close = 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in closed)
    argv = harness.unprivileged() + ["sh", "-c", close, "sh", harness.BERTH, "run",
                                     "--capture", "c.pcapng", *words]
    result = harness.Job(argv, folder).wait(20)
    assert not result.leftovers, result.explain()
    assert (folder / "c.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    lost = how == "file" and "1" in closed
    assert result.status == (125 if lost else 0), result.explain()
    assert "2" in closed or ("output was lost: Bad file descriptor" in result.err) == lost
    if how == "file":
        assert "1" in closed or result.out == "one | hello\n"
    else:
        assert (folder / "done").exists()
        assert sorted(path.name for path in folder.glob("no?")) == [f"no{fd}" for fd in closed]


@berth_only
@pytest.mark.parametrize("limit", [5, 8, 16, 40, 63, 80])
def test_few_descriptors(command, limit):
    """Berth says that it needs more, and does not begin; or programs are told ENFILE."""
    made = subprocess.run(harness.unprivileged() +
                          ["prlimit", f"--nofile={limit}", harness.BERTH, "run", "--",
                           "/usr/bin/python3", "-c",
                           "import socket; s = [socket.socket() for i in range(60)]"],
                          check=False, capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    if limit < 64:
        assert made.returncode == 125, made
        assert f"only {limit} descriptors are allowed" in made.stderr, made
    else:
        assert made.returncode == 1 and "Errno 23" in made.stderr, made


PORT = "import socket; s = socket.create_server(('', 0)); print(s.getsockname()[1])"


@berth_only
def test_secrets_are_not_of_the_seed():
    """The seed is printed: ports, sequence numbers and hash keys must not follow from it."""
    ports = {berth("run", "--seed", "1", "--", "/usr/bin/python3", "-c", PORT).stdout
             for _ in range(5)}
    assert len(ports) > 1
