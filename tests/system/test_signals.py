# SPDX-License-Identifier: MIT
"""Signals around blocked calls: EINTR, SA_RESTART, alarm() and SIGKILL; see progs/signals.c."""

import pytest

CALLS = ["accept", "connect", "recv", "recvfrom", "recvmsg", "poll", "epoll"]


@pytest.mark.parametrize("call", CALLS + ["send"])
@pytest.mark.parametrize("mode", ["eintr", "jump", "kill"])
def test_interrupted(command, progs, mode, call):
    assert command.run([], [progs / "signals", mode, call], 20).check().out == "ok\n"


@pytest.mark.parametrize("call", CALLS)
def test_restarted(command, progs, call):
    assert command.run([], [progs / "signals", "restart", call], 20).check().out == "ok\n"
