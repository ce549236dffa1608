#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a test's network on the kernel's own stack: native.py NATIVE.JSON, as root.

Each host is a network and mount namespace, held by a sleeping process, with a veth to one
bridge and every host in its /etc/hosts. Exits 0 if every host did what was expected of it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time


def shell(script):
    subprocess.run(["sh", "-ec", script], check=True)


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"native: {what} did not come")
        time.sleep(0.02)


def address_words(address):
    """For ip(8). Nobody waits for duplicate address detection: all addresses are given."""
    return f"{address}/64 nodad" if ":" in address else f"{address}/24"


class NativeHost:
    """One host: the namespaces and the program in them."""

    def __init__(self, world, described, hosts_file):
        self.name = described["name"]
        self.described = described
        self.prefix = world["prefix"]
        self.process = None
        ready = pathlib.Path(described["folder"]) / "ns-ready"
        self.holder = subprocess.Popen(
            ["unshare", "-n", "-m", "sh", "-ec",
             f"mount --bind {hosts_file} /etc/hosts; ip link set lo up;"
             "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start;"
             "echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range;"
             f"touch {ready}; exec sleep 100000"])
        wait_for(ready.exists, 5, f"the namespace of {self.name}")

    def inside(self, *argv):
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-m"] + list(argv)

    def listens(self, port):
        answer = subprocess.run(self.inside("ss", "-Hltn", f"sport = :{port}"),
                                capture_output=True, check=False)
        return bool(answer.stdout.strip())

    def start(self):
        self.process = subprocess.Popen(
            self.inside(*self.prefix, "sh", self.described["script"]), start_new_session=True)

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.holder.kill()
        self.holder.wait()


def main(path):
    world = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    hosts_file = pathlib.Path(world["folder"]) / "hosts"
    hosts_file.write_text("127.0.0.1 localhost\n::1 localhost\n" + "".join(
        f"{address} {host['name']}\n" for host in world["hosts"]
        for address in host["addresses"]))
    hosts = [NativeHost(world, described, hosts_file) for described in world["hosts"]]
    bridge = subprocess.Popen(["unshare", "-n", "sh", "-ec",
                               "ip link add br0 type bridge; ip link set br0 up; "
                               f"touch {world['folder']}/ns-ready; exec sleep 100000"])
    wait_for((pathlib.Path(world["folder"]) / "ns-ready").exists, 5, "the bridge")
    status = 0
    try:
        for number, host in enumerate(hosts):
            shell(f"nsenter -t {bridge.pid} -n ip link add name port{number} type veth "
                  f"peer name eth0 netns {host.holder.pid};"
                  f"nsenter -t {bridge.pid} -n ip link set port{number} master br0 up;"
                  + "".join(f"nsenter -t {host.holder.pid} -n ip addr add {words} dev eth0;"
                            for words in map(address_words, host.described["addresses"])) +
                  f"nsenter -t {host.holder.pid} -n ip link set eth0 up")
        time.sleep(0.1)
        names = {host.name: host for host in hosts}
        for host in hosts:
            if host.described["after"]:
                name, port = host.described["after"].split(":")
                wait_for(lambda: names[name].listens(port), 30, f"a listener {name}:{port}")
            host.start()
        for host in hosts:
            if not host.described["serves"] and host.process.wait() != host.described["expect"]:
                print(f"native: {host.name} exited {host.process.returncode}", file=sys.stderr)
                status = 1
        for host in hosts:
            if host.described["serves"] and host.process.poll() is not None:
                print(f"native: {host.name} exited {host.process.returncode}", file=sys.stderr)
                status = 1
    finally:
        for host in hosts:
            host.stop()
        bridge.kill()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
