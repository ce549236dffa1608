# SPDX-License-Identifier: MIT
"""What README.md tells users to run, run as written."""

import re
import subprocess

import pytest

import harness

README = (harness.TOP / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
TARGETS = re.findall(r"^\| `make ?([a-z-]*)` \|", README, re.M)

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="about berth")


def shell(line, timeout=60):
    return subprocess.run(harness.unprivileged() + ["sh", "-c", line], cwd=harness.TOP,
                          capture_output=True, text=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL)


def test_there_are_commands():
    assert len(COMMANDS) >= 3 and len(TARGETS) >= 6


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith("make")])
def test_command(line):
    result = shell(line)
    assert result.returncode == 0, result


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows(target):
    """Making is not repeated here, since this is a part of it."""
    result = subprocess.run(["make", "-n"] + target.split(), cwd=harness.TOP, check=False,
                            capture_output=True, text=True)
    assert result.returncode == 0, result


def test_demo():
    """What `make demo` does once the build is there."""
    result = shell("sh examples/demo.sh")
    assert result.returncode == 0, result
    assert "lost" in result.stdout and "SYN" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_doctor():
    assert shell("build/berth doctor").returncode == 0
