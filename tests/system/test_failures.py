# SPDX-License-Identifier: MIT
"""What programs see when hosts and networks fail them; see progs/errors.py."""

import pytest

import harness

PROGRAM = "/usr/bin/python3 $TOP/tests/system/progs/errors.py"
ABSENT = {"ipv4": "10.9.0.200", "ipv6": "fd09::200"}
needs_partitions = pytest.mark.skipif(harness.NATIVE, reason="berth's own partitions")


@pytest.mark.parametrize("case", [
    "refused", "refused_again", "connected", "udp_refused", "timeouts", "overflow", "reset",
    "unread", "peer_killed", "half_close", "bad_arguments"])
def test_error(every, case):
    every.server("server", f"exec {PROGRAM} serve")
    every.host("client", f"exec {PROGRAM} {case} server", after="server:7000")
    assert "ok\n" in every.run().check().out


def test_overflow_at_once(net46):
    net46.server("server", f"exec {PROGRAM} serve")
    net46.host("client", f"exec {PROGRAM} overflow_at_once server", after="server:7000")
    assert "ok\n" in net46.run().check().out


def test_unreachable(both46):
    both46.host("client", f"exec {PROGRAM} unreachable {ABSENT[both46.family]}",
                cable=both46.impairments)
    assert "ok\n" in both46.run().check().out


@needs_partitions
def test_cut_off(net46):
    net46.server("server", f"exec {PROGRAM} serve")
    net46.host("client", f"exec {PROGRAM} cut_off server", after="server:7000")
    net46.timeline.append("at: 2s, partition: [client, server]")
    assert "ok\n" in net46.run().check().out


@needs_partitions
def test_healed(net46):
    net46.server("server", f"exec {PROGRAM} serve")
    net46.host("client", f"exec {PROGRAM} healed server", after="server:7000")
    net46.timeline += ["at: 2s, partition: [client, server]", "at: 4s, heal: all"]
    assert "ok\n" in net46.run().check().out
