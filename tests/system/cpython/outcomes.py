#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a module of CPython's test suite and writes each test's outcome.

    outcomes.py OUT MODULE [TEST...]

OUT gets a line for each test as it ends, "outcome name" (ok, skipped, failed), and "done" when
all have been run. With TESTs, only those run."""

import os
import random
import sys
import unittest

from test import support

WORST = ["ok", "skipped", "failed"]


class Outcomes(unittest.TextTestResult):
    """A result that writes each test's outcome."""

    def __init__(self, out, *words):
        super().__init__(*words)
        self.outcome = {}
        self.out = out

    def note(self, test, outcome):
        """A test fails if any part of it does."""
        test = getattr(test, "test_case", test)  # of a subtest
        known = self.outcome.get(test.id(), "ok")
        self.outcome[test.id()] = max(known, outcome, key=WORST.index)
        if not isinstance(test, unittest.TestCase):  # a class or module that cannot be set up
            self.write(test)

    def write(self, test):
        self.out.write(f"{self.outcome.pop(test.id(), 'ok')} {test.id()}\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.out.write(f"start {test.id()}\n")
        self.out.flush()

    def stopTest(self, test):
        super().stopTest(test)
        self.write(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed")


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def keep(suite, names):
    """The tests of these names, or of classes of these names."""
    return unittest.TestSuite(
        test for test in flatten(suite)
        if test.id() in names or test.id().rpartition(".")[0] in names)


def main(path, module, names):
    support.use_resources = ["network"]
    support.verbose = 0
    random.seed(1)
    suite = unittest.defaultTestLoader.loadTestsFromName("test." + module)
    if names:
        suite = keep(suite, names)
    # Beside the outcomes: another process of the suite may fork while a line is written.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    with open(descriptor, "w", encoding="utf-8") as out:
        runner = unittest.TextTestRunner(
            verbosity=2, resultclass=lambda *words: Outcomes(out, *words))
        runner.run(suite)
        out.write("done\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], set(sys.argv[3:]))
