# SPDX-License-Identifier: MIT
"""CPython's own tests of sockets and of what is built on them, unmodified, as Debian packages
them (libpython3.11-testsuite): under berth each passes that passes on the kernel.

What the kernel does is recorded in cpython/kernel.json by cpython/record.py. A test that the
kernel skips or fails (for want of hardware, as a rule) may end in any way here."""

import pathlib
import tempfile

import pytest

import harness
from cpython import record

# What cannot be otherwise; docs/conformance.md says why.
DIFFERENT = {
    "test.test_epoll.TestEPoll.test_control_and_wait",
}

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="it is what the record was made from")


@pytest.fixture(name="folder")
def short_folder():
    """A folder of few letters: multiprocessing binds AF_UNIX sockets well below it."""
    with tempfile.TemporaryDirectory(prefix="cpy-") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


def run(folder, module, tests=()):
    """The outcomes under berth."""
    out = folder / "outcomes"
    out.unlink(missing_ok=True)
    done = harness.Command(folder).run([], record.argv(out, module, tests), timeout=900)
    outcomes, complete = record.read(out) if out.exists() else ({}, False)
    assert complete, done.explain()
    return outcomes, done


def differences(module, outcomes):
    """The tests that pass on the kernel and did not here: {test: outcome}."""
    known = record.load()[module]["other"]
    return {test: outcome for test, outcome in outcomes.items()
            if outcome != "ok" and test not in known and test not in DIFFERENT}


@pytest.mark.parametrize("module", record.MODULES)
def test_module(folder, module):
    outcomes, done = run(folder, module)
    assert len(outcomes) >= record.load()[module]["tests"], done.explain()
    different = differences(module, outcomes)
    # Some of the suite's tests depend on how busy the machine is, on the kernel too. What fails
    # for another reason does so again, alone.
    for _ in range(2):
        if different and "skipped" not in different.values():
            again, done = run(folder, module, different)
            different = {test: again.get(test) for test in different if again.get(test) != "ok"}
    assert not different, done.explain()
    assert not done.leftovers, done.leftovers
