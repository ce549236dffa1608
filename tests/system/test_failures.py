# SPDX-License-Identifier: MIT
"""What programs see when hosts and networks fail them; see progs/errors.py."""

import pytest

import harness

PROGRAM = "/usr/bin/python3 $TOP/tests/system/progs/errors.py"
needs_partitions = pytest.mark.skipif(harness.NATIVE, reason="berth's own partitions")


@pytest.mark.parametrize("case", [
    "refused", "refused_again", "connected", "udp_refused", "timeouts", "overflow", "reset",
    "unread", "peer_killed", "half_close", "bad_arguments"])
def test_error(both, case):
    both.server("server", f"exec {PROGRAM} serve")
    both.host("client", f"exec {PROGRAM} {case} server", after="server:7000")
    assert "ok\n" in both.run().check().out


def test_overflow_at_once(net):
    net.server("server", f"exec {PROGRAM} serve")
    net.host("client", f"exec {PROGRAM} overflow_at_once server", after="server:7000")
    assert "ok\n" in net.run().check().out


def test_unreachable(both):
    both.host("client", f"exec {PROGRAM} unreachable 10.9.0.200", cable=both.impairments)
    assert "ok\n" in both.run().check().out


@needs_partitions
def test_cut_off(net):
    net.server("server", f"exec {PROGRAM} serve")
    net.host("client", f"exec {PROGRAM} cut_off server", after="server:7000")
    net.timeline.append("at: 2s, partition: [client, server]")
    assert "ok\n" in net.run().check().out


@needs_partitions
def test_healed(net):
    net.server("server", f"exec {PROGRAM} serve")
    net.host("client", f"exec {PROGRAM} healed server", after="server:7000")
    net.timeline += ["at: 2s, partition: [client, server]", "at: 4s, heal: all"]
    assert "ok\n" in net.run().check().out
