# SPDX-License-Identifier: MIT
"""A host whose programs call anything with anything (progs/rude.c): berth survives it, the other
hosts' traffic goes on unharmed, nothing grows and nothing is left. A failure tells its seed;
BERTH_RUDE_SEED=n plays another game, BERTH_RUDE_SECONDS=n longer rounds."""

import os
import pathlib
import time

import pytest

import harness

SEED = int(os.environ.get("BERTH_RUDE_SEED", "7"))
SECONDS = int(os.environ.get("BERTH_RUDE_SECONDS", "2"))
PROGRAM = "/usr/bin/python3 $TOP/tests/system/progs/steady.py"
ROUNDS = 3
SANITIZED = b"__asan_init" in pathlib.Path(harness.BERTH).read_bytes()


def rude_script(progs):
    """Rounds of the same calls, each begun when the test says so, and a pause after each."""
    return "\n".join(
        f"until [ -e go{n} ]; do sleep 0.05; done\n"
        f"{progs}/rude {SEED} {SECONDS} 3 3 >&2\n"
        f"touch done{n}" for n in range(ROUNDS))


def wait_for(job, path, seconds):
    until = time.monotonic() + seconds
    while not path.exists():
        assert job.process.poll() is None, "berth has ended"
        assert time.monotonic() < until, f"no {path.name} after {seconds} s"
        time.sleep(0.05)


def use(pid):
    """What a process has: descriptors, KiB of memory."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [rss] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return len(os.listdir(f"/proc/{pid}/fd")), rss


def berth_pid(job):
    """Of berth itself: setpriv becomes it."""
    return job.process.pid


def play(net, progs):
    net.server("server", f"exec {PROGRAM} serve")
    rude = net.host("rude", rude_script(progs))
    fetch = net.host("client", f"exec {PROGRAM} fetch server stop", after="server:7")
    job = net.start()
    uses = []
    for n in range(ROUNDS):
        (rude.folder / f"go{n}").touch()
        wait_for(job, rude.folder / f"done{n}", SECONDS * 10 + 60)
        time.sleep(1)  # what was closed is gone
        uses.append(use(berth_pid(job)))
    (fetch.folder / "stop").touch()
    result = job.wait(60).check()
    assert result.err.count("survived") == ROUNDS, result.explain()
    assert "steady" in result.out, result.explain()
    descriptors, memory = zip(*uses)
    # A connection of the pair comes and goes; the rude host's own last for no longer than it.
    assert descriptors[-1] <= descriptors[0] + 8, uses
    assert SANITIZED or memory[-1] <= memory[0] + 4096, uses


@pytest.mark.skipif(harness.NATIVE, reason="about the command itself")
def test_rude_program(net, progs):
    try:
        play(net, progs)
    except AssertionError as error:
        raise AssertionError(f"BERTH_RUDE_SEED={SEED} BERTH_RUDE_SECONDS={SECONDS}: {error}") \
            from error
