#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What berth's speed is beside the kernel's loopback and other user-space networks.

bench/run.py [--rounds N] [--only WORD] runs each measurement on each system in turn, round
after round, so that a change of the machine's mood meets all of them, and prints the medians,
and in brackets the median of the ratios to the kernel's loopback in the same round. A system
that cannot run here is skipped with a line that says why. Everything runs as an unprivileged
user; root drops to berth-test.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "system"))
import harness  # noqa: E402: what drops privileges and finds what is left over

BUILD = TOP / "build"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
PRELOAD = "libsocket_wrapper.so"

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/a;
proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
scgi_temp_path {folder}/e;
server {{ listen {port}; location / {{ return 200 "hello\\n"; }} }} }}
"""


class Skip(Exception):
    """A system cannot run here, or not this measurement."""


def iperf_rate(report):
    parsed = json.loads(report)
    if "error" in parsed:
        raise Skip(parsed["error"])
    return parsed["end"]["sum_received"]["bits_per_second"] / 1e9


def redis_rate(report):
    return float(re.search(r'"GET","([\d.]+)"', report).group(1))


def wrk_rate(report):
    return float(re.search(r"Requests/sec: +([\d.]+)", report).group(1))


class Measurement:
    """A server, a client, and how to read the number in what the client prints."""

    def __init__(self, name, unit, server, client, port, read=float, more_is_better=True,
                 pinned=False, datagrams=False, goal=None, privileged=False):
        self.name = name
        self.unit = unit
        self.server = server
        self.client = client
        self.port = port
        self.read = read
        self.more_is_better = more_is_better
        self.pinned = pinned
        self.datagrams = datagrams
        self.goal = goal
        self.privileged = privileged  # on the kernel: to choose the congestion control


def measurements(bin_folder):
    rtt, crr = bin_folder / "bench-rtt", bin_folder / "bench-crr"
    return [
        Measurement("iperf3, one stream", "Gbit/s", "iperf3 -4 -s -p {port}",
                    "iperf3 -c {host} -p {port} -t 2 -J", 5201, iperf_rate, goal=0.4),
        Measurement("iperf3 -C cubic", "Gbit/s", "iperf3 -4 -s -p {port}",
                    "iperf3 -c {host} -p {port} -t 2 -J -C cubic", 5201, iperf_rate, goal=0.2,
                    privileged=True),
        Measurement("TCP round trip, 64 B, one core", "us", f"{rtt} serve tcp {{port}}",
                    f"{rtt} ask tcp {{host}} {{port}} 20000", 7000, more_is_better=False,
                    pinned=True, goal=2.5),
        Measurement("UDP round trip, 64 B, one core", "us", f"{rtt} serve udp {{port}}",
                    f"{rtt} ask udp {{host}} {{port}} 20000", 7000, more_is_better=False,
                    pinned=True, datagrams=True, goal=2.5),
        Measurement("connect, request, response, close", "/s", f"{crr} serve {{port}}",
                    f"{crr} ask {{host}} {{port}} 2", 7000, goal=0.35),
        Measurement("redis GET, 50 clients", "/s",
                    "redis-server --port {port} --bind 0.0.0.0 --protected-mode no --save ''",
                    "redis-benchmark -h {host} -p {port} -t get -c 50 -n 100000 --csv", 6379,
                    redis_rate, goal=0.6),
        Measurement("nginx and wrk, keep-alive", "/s",
                    "nginx -e stderr -p {folder} -c {folder}/nginx.conf",
                    "wrk -t1 -c16 -d2s http://{host}:{port}/", 8080, wrk_rate, goal=0.6),
    ]


class System:
    """Where a server and a client run. The kernel's own loopback, unless overridden."""

    name = "kernel loopback"
    address = "127.0.0.1"

    def __init__(self, prefix, folder):
        self.prefix = prefix
        self.folder = folder
        self.environment = {"PATH": PATH, "HOME": str(folder), "TMPDIR": str(folder)}

    def require(self):
        """Raises Skip when this system cannot run here."""

    def command(self, text, measurement, pin):
        words = text.format(host=self.address, port=measurement.port, folder=self.folder)
        return (["taskset", "-c", "0"] if pin else []) + ["sh", "-c", f"exec {words}"]

    def spawn(self, argv, prefix=None, **options):
        prefix = self.prefix if prefix is None else prefix
        return subprocess.Popen(prefix + argv, cwd=self.folder, env=self.environment,
                                stdin=subprocess.DEVNULL, start_new_session=True, **options)

    def client_argv(self, argv, measurement):
        del measurement
        return argv

    def ready(self, measurement):
        """Waits until the server listens."""
        if measurement.datagrams:
            time.sleep(0.3)
            return
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", measurement.port)) == 0:
                    time.sleep(0.1)
                    return
            time.sleep(0.02)
        raise Skip("the server did not listen")

    def measure(self, measurement):
        prefix = [] if measurement.privileged else None
        with open(self.folder / "server.log", "wb") as log:
            server = self.spawn(self.command(measurement.server, measurement,
                                             measurement.pinned), prefix, stdout=log, stderr=log)
            try:
                self.ready(measurement)
                argv = self.client_argv(self.command(measurement.client, measurement,
                                                     measurement.pinned), measurement)
                client = self.spawn(argv, prefix, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
                return measurement.read(finish(client))
            finally:
                stop(server)


class Berth(System):
    """Two hosts on a clean network."""

    name = "berth"
    address = "10.9.0.1"

    def require(self):
        if not os.access(BUILD / "berth", os.X_OK):
            raise Skip("build/berth is missing")

    def measure(self, measurement):
        report = self.folder / "report"
        scripts = {"server": measurement.server,
                   "client": f"{measurement.client} >{report}"}
        for name, text in scripts.items():
            (self.folder / f"{name}.sh").write_text("exec " + text.format(
                host=self.address, port=measurement.port, folder=self.folder) + "\n")
        after = "" if measurement.datagrams else f"    after: server:{measurement.port}\n"
        if measurement.datagrams:
            script = self.folder / "client.sh"
            script.write_text("sleep 0.3\n" + script.read_text())
        (self.folder / "net.yaml").write_text(
            "networks:\n  lan: {subnet: 10.9.0.0/24}\nhosts:\n"
            "  server:\n    networks: {lan: {address: 10.9.0.1}}\n"
            f"    command: sh {self.folder}/server.sh\n    expect: running\n"
            "  client:\n    networks: {lan: {address: 10.9.0.2}}\n"
            f"    command: sh {self.folder}/client.sh\n" + after)
        argv = [str(BUILD / "berth"), "run", "-f", str(self.folder / "net.yaml")]
        if measurement.pinned:
            argv = ["taskset", "-c", "0"] + argv
        finish(self.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return measurement.read(report.read_text())


class SocketWrapper(System):
    """Samba's preloaded library: sockets become AF_UNIX ones, without a TCP of their own."""

    name = "socket_wrapper"
    address = "127.0.0.10"

    def require(self):
        found = [path for path in pathlib.Path("/usr/lib").glob(f"*/{PRELOAD}")]
        if not found:
            raise Skip(f"{PRELOAD} is not installed")
        wrapped = self.folder / "wrapped"
        wrapped.mkdir(exist_ok=True)
        os.chmod(wrapped, 0o777)
        self.environment |= {"LD_PRELOAD": str(found[0]),
                             "SOCKET_WRAPPER_DIR": str(wrapped),
                             "SOCKET_WRAPPER_DEFAULT_IFACE": "10"}

    def ready(self, measurement):
        time.sleep(0.7)


class Pasta(System):
    """pasta with its spliced path: the client in a namespace, the server outside."""

    name = "pasta, spliced"

    def require(self):
        if not shutil.which("pasta", path=PATH):
            raise Skip("pasta is not installed")
        self.probe(["true"])

    def probe(self, argv):
        """Some machines' pasta starts and then stands still."""
        try:
            finish(self.spawn(self.client_argv(argv, None), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE), seconds=5)
        except OSError as why:
            raise Skip(str(why)) from None

    def client_argv(self, argv, measurement):
        forward = []
        if measurement is not None:
            forward = ["-U" if measurement.datagrams else "-T", str(measurement.port)]
        pin = ["taskset", "-c", "0"] if measurement is not None and measurement.pinned else []
        return pin + ["pasta", "-q", "--config-net"] + forward + ["--"] + argv


class Slirp(System):
    """slirp4netns: the client behind its TAP, the server on the machine's loopback."""

    name = "slirp4netns"
    address = "10.0.2.2"

    def require(self):
        if not shutil.which("slirp4netns", path=PATH):
            raise Skip("slirp4netns is not installed")
        if self.spawn(["test", "-w", "/dev/net/tun"]).wait() != 0:
            raise Skip("/dev/net/tun is not open to an unprivileged user")
        self.namespace([], "true")

    def namespace(self, pin, command):
        """Runs a shell command in a namespace with slirp4netns; returns its output."""
        holder = self.spawn(["unshare", "-Urn", "sleep", "1000"], stderr=subprocess.DEVNULL)
        slirp = None
        try:
            time.sleep(0.3)
            slirp = self.spawn(pin + ["slirp4netns", "--configure", "--mtu=65520",
                                      str(holder.pid), "tap0"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.7)
            if slirp.poll() is not None or holder.poll() is not None:
                raise Skip("no user namespace, or no TAP in it")
            return finish(self.spawn(
                pin + ["nsenter", "-t", str(holder.pid), "-U", "-n", "--preserve-credentials",
                       "sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        finally:
            for process in (slirp, holder):
                if process is not None:
                    stop(process)

    def measure(self, measurement):
        pin = ["taskset", "-c", "0"] if measurement.pinned else []
        with open(self.folder / "server.log", "wb") as log:
            server = self.spawn(self.command(measurement.server, measurement,
                                             measurement.pinned), stdout=log, stderr=log)
            try:
                self.ready(measurement)
                return measurement.read(self.namespace(pin, measurement.client.format(
                    host=self.address, port=measurement.port, folder=self.folder)))
            finally:
                stop(server)


def finish(process, seconds=60):
    """The output of a process, which must succeed; on time-out it is killed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        stop(process)
        for pipe in (process.stdout, process.stderr):
            pipe.close()  # a child that left the group may hold the other end
        raise Skip(f"not done after {seconds} s") from None
    if process.returncode != 0 and not out.startswith(b"{"):  # iperf3 says why in its JSON
        lines = (err or b"").decode(errors="replace").strip().splitlines()
        raise Skip(f"exit {process.returncode}: {lines[-1] if lines else 'silent'}")
    return out.decode(errors="replace")


def stop(process):
    """Ends a process and its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(3)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def one(system, measurement, told):
    """One number, or None with a line (once) that says why there is none."""
    try:
        return system.measure(measurement)
    except (Skip, ValueError, AttributeError, KeyError, OSError) as why:
        if (system.name, measurement.name) not in told:
            told.add((system.name, measurement.name))
            print(f"skipped: {measurement.name} on {system.name}: {why}", flush=True)
        return None


def verdict(measurement, ratio):
    met = ratio >= measurement.goal if measurement.more_is_better else ratio <= measurement.goal
    sign = "at least" if measurement.more_is_better else "at most"
    return f"{'met' if met else 'NOT MET'}: {sign} {measurement.goal}"


def bench(systems, measurement, rounds, told):
    """Alternating rounds; prints a line per system."""
    values = {system.name: [] for system in systems}
    ratios = {system.name: [] for system in systems}
    for _ in range(rounds):
        base = None
        for system in systems:
            value = one(system, measurement, told)
            if value is None:
                continue
            if base is None and type(system) is System:
                base = value
            values[system.name].append(value)
            if base:
                ratios[system.name].append(value / base)
    print(f"\n{measurement.name} ({measurement.unit})")
    for system in systems:
        if not values[system.name]:
            continue
        value = statistics.median(values[system.name])
        shown = f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
        line = f"  {system.name:<18}{shown:>12}"
        if ratios[system.name]:
            ratio = statistics.median(ratios[system.name])
            line += f"  ({ratio:.2f})"
            if isinstance(system, Berth):
                line += f"  {verdict(measurement, ratio)}"
        print(line, flush=True)


def stacks_alone(peers):
    """berth's stack and lwIP's without processes around them. Returns a status for exit()."""
    print("\nthe stack alone, two hosts in one process, 1500 bytes of MTU", flush=True)
    status = subprocess.run([str(BUILD / "bench" / "bench-stack")], check=False).returncode
    lwip = BUILD / "bench" / "bench-stack-lwip"
    if peers and lwip.exists():
        print("\nthe same with lwIP", flush=True)
        status |= subprocess.run([str(lwip)], check=False).returncode
    elif peers:
        print("skipped: lwIP: liblwip-dev was not there when bench/ was built")
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "3")))
    parser.add_argument("--only", default="", help="measurements whose name has this in it")
    parser.add_argument("--no-peers", action="store_true", help="the kernel and berth alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        harness.owned_by_user(folder)
        harness.become_reaper()
        before = harness.children()
        prefix = harness.unprivileged()
        for program in ("bench-rtt", "bench-crr"):
            shutil.copy(BUILD / "bench" / program, folder / program)
        control = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
        print(f"{arguments.rounds} rounds; in brackets the median ratio to the kernel's loopback,"
              f" whose congestion control is {control}")
        systems = []
        kinds = [System, Berth] + ([] if arguments.no_peers else [SocketWrapper, Pasta, Slirp])
        for kind in kinds:
            system = kind(prefix, folder)
            try:
                system.require()
                systems.append(system)
            except Skip as why:
                print(f"skipped: {kind.name}: {why}")
        told = set()
        for measurement in measurements(folder):
            if arguments.only not in measurement.name:
                continue
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=measurement.port))
            bench(systems, measurement, arguments.rounds, told)
        harness.kill_leftovers(before)
    if arguments.only in "the stack alone":
        return stacks_alone(not arguments.no_peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
