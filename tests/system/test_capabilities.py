# SPDX-License-Identifier: MIT
"""Programs are told of the capabilities that they have over their host's network."""

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="the kernel's programs have none here")


def test_capabilities(command, progs):
    out = command.run([], [str(progs / "caps")]).check().out
    assert out.splitlines() == [
        "at first: Success, permitted 3400 effective 3400",
        "effective lowered: Success, permitted 3000 effective 2000",
        "and raised: Success, permitted 3000 effective 3000",
        "what was given up: Operation not permitted, permitted 3000 effective 3000",
        "what it never had: Operation not permitted, permitted 3000 effective 3000",
        "more effective than permitted: Operation not permitted, permitted 3000 effective 3000",
        "nothing: Success, permitted 0 effective 0",
        "a child's: Success, permitted 3400 effective 3400"]
