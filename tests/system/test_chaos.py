# SPDX-License-Identifier: MIT
"""kill -9 of anything at any moment: programs, minders and berth, at moments that a seed draws.
BERTH_CHAOS_SEED=n plays another game, BERTH_CHAOS_SECONDS=n a longer one; failures tell both."""

import os
import pathlib
import random
import signal
import time

import pytest

import harness

SEED = int(os.environ.get("BERTH_CHAOS_SEED", "7"))
SECONDS = float(os.environ.get("BERTH_CHAOS_SECONDS", "4"))

# What it meets: forking and threaded servers, clients that come and go, calls that wait for ever,
# a listener that is passed on, datagrams, programs that leave their session.
SERVER = """
set +e; echo $$ >pid
(while :; do /usr/bin/python3 -m http.server 80 >/dev/null 2>&1; done) &
(while :; do socat UDP4-LISTEN:7000,fork EXEC:cat 2>/dev/null; done) &
(while :; do socat TCP4-LISTEN:7001,fork,reuseaddr EXEC:cat 2>/dev/null; done) &
setsid sh -c 'while :; do sleep 0.1; done' &
while :; do wait; sleep 0.1; done
"""
CLIENT = """
set +e; echo $$ >pid
(while :; do curl -sf -m 5 -o /dev/null http://server/; sleep 0.01; done) &
(while :; do echo x | socat -t1 - UDP4:server:7000; done) >/dev/null 2>&1 &
(while :; do echo x | socat -t1 - TCP4:server:7001; done) >/dev/null 2>&1 &
(while :; do /usr/bin/python3 -c '
import socket, threading
s = socket.create_server(("", 0))
threading.Thread(target=s.accept, daemon=True).start()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).recvfrom(1)'; done) 2>/dev/null &
while :; do wait; sleep 0.1; done
"""


def tree(root):
    """The living descendants of a process: (pid, parent, name)."""
    every = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            state, parent = stat[stat.rindex(")") + 2:].split()[:2]
            if state != "Z":
                name = stat[stat.index("(") + 1:stat.rindex(")")]
                every.append((int(entry.name), int(parent), name))
    found = []
    parents = {root}
    while parents:
        level = [process for process in every if process[1] in parents]
        found += level
        parents = {pid for pid, _, _ in level}
    return found


def draw(chance, root, shells, hosts):
    """Whom to kill: any program but the hosts' shells; or, with `hosts`, now and then such a shell
    or a minder, which ends the host and may end the run."""
    living = tree(root)
    minders = {pid for pid, _, name in living if name == "berth-minder"}
    shells = shells | {pid for pid, parent, _ in living if parent in minders}
    others = {pid for pid, _, _ in living} - minders - shells
    some = minders | shells if hosts and chance.random() < 0.3 else others
    return chance.choice(sorted(some)) if some else None


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was quicker


def guarded(root):
    """Waits until each process has its guardian again. The programs of a minder that was killed are
    berth's to end; were it killed in that very moment, nobody would (docs/limits.md)."""
    until = time.monotonic() + 5
    while any(name != "berth-minder" for _, parent, name in tree(root) if parent == root):
        assert time.monotonic() < until, "orphans of a minder live on"
        time.sleep(0.01)


def play(net, chance, end):
    """One run: kills for a while, then ends it, if it has not ended for want of hosts. Returns how
    many were killed."""
    for name, script in (("server", SERVER), ("client", CLIENT), ("other", CLIENT)):
        net.server(name, script)
    job = net.start()
    until = time.monotonic() + SECONDS
    killed = 0
    shells = set()
    for host in net.hosts.values():
        while not (pid := host.folder / "pid").exists() or not pid.read_text():
            assert time.monotonic() < until, job.text("stderr")
            time.sleep(0.02)
        shells.add(int(pid.read_text()))
    while time.monotonic() < until and job.process.poll() is None:
        time.sleep(chance.expovariate(30))
        victim = draw(chance, job.process.pid, shells,
                      time.monotonic() > until - 1)
        if victim:
            kill(victim)
            killed += 1
    if end == signal.SIGKILL:
        guarded(job.process.pid)
    if job.process.poll() is None:
        os.kill(job.process.pid, end)
    result = job.wait(20, grace=10)
    assert not result.leftovers, f"left behind: {result.leftovers}\n{result.explain()}"
    assert result.status in (1, 128 + signal.SIGTERM, -signal.SIGKILL), result.explain()
    return killed


@pytest.mark.skipif(harness.NATIVE, reason="about the command itself")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_kill_of_anything(both, end):
    """Nothing is left afterwards, no process, no file; and berth does not fall over before."""
    chance = random.Random(SEED)
    try:
        killed = play(both, chance, end)
        assert killed >= 10, killed
    except AssertionError as error:
        raise AssertionError(f"BERTH_CHAOS_SEED={SEED} BERTH_CHAOS_SECONDS={SECONDS}: {error}") \
            from error


@pytest.mark.skipif(harness.NATIVE, reason="about the command itself")
def test_minder_of_daemons_killed(net):
    """A host's command has ended and left a daemon; when the minder is killed the daemon is berth's
    own child, and ends all the same."""
    net.host("one", "exec sleep 3")
    two = net.host("two", "(while :; do sleep 0.05; done) & echo $! >pid")
    job = net.start()
    daemon = two.folder / "pid"
    while not daemon.exists() or not daemon.read_text():
        time.sleep(0.02)
    time.sleep(0.5)
    [minder] = [parent for pid, parent, _ in tree(job.process.pid)
                if pid == int(daemon.read_text())]
    kill(minder)
    result = job.wait(20, grace=5)
    assert not result.leftovers, f"left behind: {result.leftovers}\n{result.explain()}"
