# SPDX-License-Identifier: MIT
"""Fixtures of the system tests; see harness.py."""

import fcntl
import os
import pathlib
import subprocess

import pytest

import harness

HERE = pathlib.Path(__file__).parent


def pytest_configure(config):
    harness.become_reaper()


def pytest_collection_modifyitems(items):
    """Spreads CPython's modules, which mostly wait, evenly among the others: a worker is given
    neighbours."""
    modules = [item for item in items if item.path.name == "test_cpython.py"]
    others = [item for item in items if item not in modules]
    for number, item in enumerate(modules):
        others.insert(number * (len(others) // len(modules) + 1), item)
    items[:] = others


@pytest.fixture(scope="session")
def progs():
    """The folder of the helper programs, built (once, also among several workers)."""
    build = pathlib.Path(harness.BERTH).parent
    if not os.access(build, os.W_OK):
        build = pathlib.Path("/tmp") / f"berth-progs-{os.geteuid()}"
        build.mkdir(exist_ok=True)
    out = build / "progs"
    out.mkdir(exist_ok=True)
    with open(build / "progs.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-C", str(HERE / "progs"), f"OUT={out}"], check=True,
                       env=os.environ | {"GOCACHE": str(out / "gocache"), "MAKEFLAGS": ""})
    return out


@pytest.fixture
def folder(tmp_path):
    """A folder that the unprivileged user can reach."""
    for path in [tmp_path] + list(tmp_path.parents):
        mode = path.stat().st_mode
        if path.stat().st_uid == os.geteuid() and mode & 0o055 != 0o055:
            path.chmod(mode | 0o055)
    return tmp_path


def network(folder, way):
    """`way`: the words of a parameter, such as "ipv6-lossy"."""
    words = way.split("-")
    lossy = "lossy" in words and not harness.NATIVE
    family = next((word for word in words if word in harness.WORDS), "ipv4")
    return harness.Network(folder, harness.LOSSY if lossy else None, family)


@pytest.fixture
def net(folder):
    """A clean network of IPv4."""
    return harness.Network(folder)


@pytest.fixture(params=["ipv4", "ipv6"])
def net46(request, folder):
    """A clean network of either family."""
    return network(folder, request.param)


@pytest.fixture(params=["clean", "lossy"])
def both(request, folder):
    """The same network of IPv4 twice: clean, and with delay, loss, duplicates and reordering."""
    return network(folder, request.param)


@pytest.fixture(params=["clean", "lossy", "ipv6-clean", "ipv6-lossy"])
def both46(request, folder):
    """The same for either family."""
    return network(folder, request.param)


@pytest.fixture(params=["clean", "lossy", "ipv6-clean", "ipv6-lossy", "mixed"])
def every(request, folder):
    """The same, and clean with IPv4 clients of a server that listens for both families."""
    return network(folder, request.param)


@pytest.fixture
def command(folder):
    """berth run with one command."""
    return harness.Command(folder)
