# SPDX-License-Identifier: MIT
"""Networks of unmodified programs for the system tests.

A test describes hosts, each with a shell script, and runs them with `berth run -f`, always as
an unprivileged user (root drops to berth-test). With BERTH_NATIVE=1, which needs root, the
same scripts run on the kernel's own stack instead, each host in a network namespace on one
bridge: a test that fails there is itself wrong. (The kernel here may have no netem, so that
native networks have no impairments.)

After each run nothing may be left: no process (this one is the reaper of all orphans below
it), no file in berth's TMPDIR or XDG_RUNTIME_DIR, nothing named berth in /tmp or /dev/shm.
"""

import ctypes
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import pwd
import resource
import shlex
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BERTH = os.environ.get("BERTH", str(TOP / "build" / "berth"))
NATIVE = os.environ.get("BERTH_NATIVE") == "1"
LONG = os.environ.get("BERTH_LONG") == "1"
TEST_USER = os.environ.get("BERTH_TEST_USER", "berth-test")
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
SUBNET = "10.9.0"
SUBNET6 = "fd09::"
PR_SET_CHILD_SUBREAPER = 36
OF_TESTS = ("berth-progs-", "berth-ci.", "berth-test")  # conftest.py, .ci/run

WORDS = {"ipv4": "FAMILY=ipv4 ANY=0.0.0.0 ON=4 TO=4 DUAL=",
         "ipv6": "FAMILY=ipv6 ANY=:: ON=6 TO=6 DUAL=,ipv6only=0",
         "mixed": "FAMILY=mixed ANY=:: ON=6 TO=4 DUAL=,ipv6only=0"}
# Says the link-local address of eth0; the kernel needs some time for one.
LINK_LOCAL = ("until ip -6 -o addr show dev eth0 scope link -tentative | grep -q fe80:; do"
              " sleep 0.1; done\n"
              "ip -6 -o addr show dev eth0 scope link | awk '{print $4}' | cut -d/ -f1")
CLEAN = {}
LOSSY = {"delay": "30ms", "jitter": "5ms", "loss": "2%", "duplicate": "1%", "reorder": "1%"}


def become_reaper():
    """Orphaned descendants become children of this process, so that none escapes notice.
    Who may also grants its children more descriptors, which 10,000 connections need."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 65536))
    except ValueError:
        pass  # not permitted: there are as many as there are
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def unprivileged():
    """The command prefix that gives up root, if there is any to give up."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(TEST_USER)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            "--no-new-privs"]


# Ping sockets are for the group that the user is within; "$@": a command.
APART = "ip link set lo up; echo 0 0 >/proc/sys/net/ipv4/ping_group_range; "


@functools.cache
def apart(setup=":", back=False):
    """The command prefix for the kernel's own network, in a namespace with nothing but loopback,
    over which the user has all rights; None if users may not have such. `setup`: what a shell has
    to do there first. `back`: the command is the plain user's again, without these rights."""
    user = str(pwd.getpwnam(TEST_USER).pw_uid if os.geteuid() == 0 else os.geteuid())
    plain = f"unshare --map-user={user} --map-group={user} " if back else ""
    prefix = unprivileged() + ["unshare", "-U", "-r", "-n", "sh", "-c",
                               f'{APART}{setup} && exec {plain}"$@"', "sh"]
    done = subprocess.run(prefix + ["true"], capture_output=True, check=False)
    return prefix if done.returncode == 0 else None


def owned_by_user(path):
    """Gives a path to the user as whom programs run."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(TEST_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def user_name():
    return TEST_USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def random_file(path, size, seed=1):
    """Writes `size` bytes that do not compress and are the same each time; returns their hash."""
    block = hashlib.shake_256(str(seed).encode()).digest(1 << 16)
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        left = size
        number = 0
        while left > 0:
            piece = (number.to_bytes(8, "big") + block[8:])[:left]
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
            number += 1
    return digest.hexdigest()


def children():
    """The living children of this process: (pid, command line)."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        fields = stat[stat.rindex(")") + 2:].split()
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.append((int(entry.name), command.replace("\0", " ")))
    return found


def reap():
    """Collects orphans that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def kill_leftovers(before):
    """Kills every child that was not there before; orphans of theirs come to us in turn."""
    known = {pid for pid, _ in before}
    for _ in range(100):
        left = [pid for pid, _ in children() if pid not in known]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()


def shared_names():
    """What berth could leave where everybody can see it: what begins with its name, but for what
    the tests make themselves."""
    return {str(path) for place in ("/tmp", "/dev/shm", "/run")
            for pattern in ("berth*", ".berth*") for path in pathlib.Path(place).glob(pattern)
            if os.path.lexists(path) and not path.name.startswith(OF_TESTS)}


@dataclasses.dataclass
class Result:
    """How a run ended."""
    status: int
    out: str
    err: str
    seconds: float
    leftovers: list

    def check(self):
        """Asserts that the run succeeded and left nothing behind."""
        assert self.status == 0, self.explain()
        assert not self.leftovers, f"left behind: {self.leftovers}\n{self.explain()}"
        return self

    def explain(self):
        return (f"exit {self.status} after {self.seconds:.1f} s\n"
                f"--- standard output\n{self.out[-6000:]}\n"
                f"--- standard error\n{self.err[-6000:]}")


class Job:
    """A berth (or a native stand-in) that was started and has to be waited for."""

    def __init__(self, argv, folder, env=None):
        self.folder = folder
        self.tmp = owned_by_user(make_folder(folder / "berth-tmp"))
        self.runtime = owned_by_user(make_folder(folder / "berth-run"))
        self.before = children()
        self.shared = shared_names()
        self.started = time.monotonic()
        environment = {"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8",
                       "USER": user_name(), "LOGNAME": user_name(),
                       "TMPDIR": str(self.tmp), "XDG_RUNTIME_DIR": str(self.runtime)}
        environment.update(env or {})
        self.out = open(folder / "stdout", "wb")
        self.err = open(folder / "stderr", "wb")
        self.process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=self.out,
                                        stderr=self.err, stdin=subprocess.DEVNULL,
                                        start_new_session=True)

    def wait(self, timeout, grace=2.0):
        """The Result; on time-out kills everything and fails."""
        timed_out = False
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
        seconds = time.monotonic() - self.started
        leftovers = [] if timed_out else self.leftovers(grace)
        kill_leftovers(self.before)
        self.process.wait()
        self.out.close()
        self.err.close()
        result = Result(self.process.returncode, self.text("stdout"), self.text("stderr"),
                        seconds, leftovers)
        assert not timed_out, f"not done after {timeout} s\n{result.explain()}"
        return result

    def text(self, name):
        return (self.folder / name).read_text(errors="replace")

    def leftovers(self, grace):
        """Processes and files that outlive the run by more than `grace` seconds."""
        known = {pid for pid, _ in self.before}
        deadline = time.monotonic() + grace
        while True:
            reap()
            left = [command for pid, command in children()
                    if pid not in known and pid != self.process.pid]
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for place in (self.tmp, self.runtime):
            left += [str(path) for path in place.rglob("*")]
        return left + sorted(shared_names() - self.shared)


def make_folder(path):
    path.mkdir(exist_ok=True)
    return path


class Host:
    """One host of a Network: its folder is its script's working directory."""

    def __init__(self, network, number, name, script, serves, after, settings):
        self.name = name
        self.address = f"{SUBNET6}{number:x}" if network.family == "ipv6" \
            else f"{SUBNET}.{number}"
        self.address6 = f"{SUBNET6}{number:x}" if network.family == "mixed" and serves else None
        self.family = network.family
        self.folder = owned_by_user(make_folder(network.folder / name))
        self.script = script
        self.serves = serves
        self.after = after
        self.settings = settings

    @property
    def bracketed(self):
        """The address as it stands in a URL."""
        return f"[{self.address}]" if ":" in self.address else self.address

    def write_script(self, top):
        path = self.folder / "script.sh"
        path.write_text("#!/bin/sh\nset -eu\n"
                        f"cd {shlex.quote(str(self.folder))}\n"
                        f"export TMPDIR={shlex.quote(str(self.folder))} TOP={top}\n"
                        f"export {WORDS[self.family]}\n"
                        f"{self.script}\n")
        return path


class Network:
    """A network under construction: add hosts, then run()."""

    def __init__(self, folder, impairments=None, family="ipv4"):
        self.folder = owned_by_user(folder)
        self.family = family
        self.impairments = dict(impairments or {})
        self.hosts = {}
        self.timeline = []
        self.options = []

    @property
    def lossy(self):
        return bool(self.impairments)

    @property
    def any_bracketed(self):
        """The address to bind to as it stands before a port."""
        return "0.0.0.0" if self.family == "ipv4" else "[::]"

    def host(self, name, script, *, serves=False, after=None, cable=None, loopback=None,
             expect=None):
        """Adds a host. `serves`: it is still running at the end, and its cable is the one
        that is impaired. `after`: "HOST:PORT" that must listen first."""
        settings = {}
        if loopback:
            settings["loopback"] = loopback
        if cable is None and serves:
            cable = self.impairments
        settings["cable"] = dict(cable or {})
        settings["expect"] = expect
        host = Host(self, len(self.hosts) + 1, name, script, serves, after, settings)
        self.hosts[name] = host
        return host

    def server(self, name, script, **words):
        return self.host(name, script, serves=True, **words)

    def subnets(self):
        four = f"{{subnet: {SUBNET}.0/24}}"
        six = f"{{subnet6: '{SUBNET6}/64'}}"
        lines = [f"  lan: {six if self.family == 'ipv6' else four}"]
        return lines + ([f"  lan6: {six}"] if self.family == "mixed" else [])

    def yaml(self):
        """The network file."""
        lines = ["name: test", "seed: 7", "networks:",
                 *self.subnets(), "hosts:"]
        for host in self.hosts.values():
            key = "address6" if self.family == "ipv6" else "address"
            cable = {key: f"'{host.address}'"} | host.settings["cable"]
            words = ", ".join(f"{key}: {value}" for key, value in cable.items())
            more = f", lan6: {{address6: '{host.address6}'}}" if host.address6 else ""
            lines += [f"  {host.name}:", f"    networks: {{lan: {{{words}}}{more}}}",
                      f"    command: sh {host.write_script(TOP)}"]
            if "loopback" in host.settings:
                words = ", ".join(f"{k}: {v}" for k, v in host.settings["loopback"].items())
                lines.append(f"    loopback: {{{words}}}")
            if host.serves:
                lines.append("    expect: running")
            elif host.settings["expect"] is not None:
                lines.append(f"    expect: {{exit: {host.settings['expect']}}}")
            if host.after:
                lines.append(f"    after: {host.after}")
        if self.timeline:
            lines += ["timeline:"] + [f"  - {{{entry}}}" for entry in self.timeline]
        return "\n".join(lines) + "\n"

    def start(self):
        """Starts the network; returns its Job."""
        path = self.folder / "net.yaml"
        path.write_text(self.yaml())
        if NATIVE:
            argv = ["/usr/bin/python3", str(TOP / "tests/system/native.py"), str(self.native())]
            return Job(argv, self.folder)
        return Job(unprivileged() + [BERTH, "run", "-f", str(path)] + self.options, self.folder)

    def run(self, timeout=60):
        return self.start().wait(timeout * (3 if self.lossy else 1))

    def native(self):
        """What native.py needs to know, as JSON."""
        path = self.folder / "native.json"
        path.write_text(json.dumps({
            "folder": str(self.folder), "prefix": unprivileged(),
            "hosts": [{"name": host.name, "folder": str(host.folder),
                       "addresses": [a for a in (host.address6, host.address) if a],
                       "script": str(host.write_script(TOP)), "serves": host.serves,
                       "after": host.after, "expect": host.settings["expect"] or 0}
                      for host in self.hosts.values()]}))
        return path


class Command:
    """The single-command form: berth run [OPTION...] -- COMMAND..."""

    def __init__(self, folder):
        self.folder = owned_by_user(folder)

    def start(self, options, command, env=None):
        argv = [str(word) for word in command]
        if NATIVE:
            inner = unprivileged() + argv
            argv = ["unshare", "-n", "sh", "-c",
                    "ip link set lo up; echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start;"
                    f" exec {shlex.join(inner)}"]
            return Job(argv, self.folder, env)
        return Job(unprivileged() + [BERTH, "run"] + list(options) + ["--"] + argv, self.folder,
                   env)

    def run(self, options, command, timeout=60, env=None):
        return self.start(options, command, env).wait(timeout)
