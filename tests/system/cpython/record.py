#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records what CPython's tests do on the kernel's own stack, which test_cpython.py compares
with: record.py [MODULE...], as root. Each module runs as the test user in a network
namespace with loopback up, and with the rights over it that programs have under berth.

kernel.json keeps of each module how many tests there are and which do not pass."""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import harness  # noqa: E402  pylint: disable=wrong-import-position

RECORD = HERE / "kernel.json"
CAPS = "+net_admin,+net_raw,+net_bind_service"

# The longest first, so that all end at about the same time.
MODULES = """multiprocessing_spawn asyncio ssl imaplib xmlrpc socket logging selectors poll ftplib
poplib httpservers httplib urllib2_localnet docxmlrpc socketserver smtplib asyncore asynchat timeout
select epoll telnetlib nntplib wsgiref""".split()


def read(path):
    """The outcomes in a file of outcomes.py: {test: outcome}; and whether it was complete."""
    outcomes = {}
    complete = False
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, name = line.partition(" ")
        if word == "start":
            outcomes[name] = "never ended"
        elif name:
            outcomes[name] = word
        else:
            complete = True
    return outcomes, complete


def load():
    """What was recorded: {module: {"tests": their number, "other": {test: outcome}}}."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def argv(out, module, tests=()):
    return ["/usr/bin/python3", str(HERE / "outcomes.py"), str(out), "test_" + module, *tests]


def on_the_kernel(module, folder):
    folder = harness.owned_by_user(folder)
    prefix = harness.unprivileged() + [f"--inh-caps={CAPS}", f"--ambient-caps={CAPS}"]
    subprocess.run(["unshare", "-n", "sh", "-c",
                    'ip link set lo up; cd "$0"; exec "$@"', str(folder), *prefix,
                    *argv(folder / "outcomes", module)],
                   check=True, env={"PATH": harness.PATH, "HOME": str(folder), "LANG": "C.UTF-8",
                                    "TMPDIR": str(folder)})
    outcomes, complete = read(folder / "outcomes")
    assert complete
    return outcomes


def main(modules):
    record = load()
    for module in modules:
        with tempfile.TemporaryDirectory(prefix="record-") as name:
            outcomes = on_the_kernel(module, pathlib.Path(name))
        other = {test: outcome for test, outcome in sorted(outcomes.items()) if outcome != "ok"}
        record[module] = {"tests": len(outcomes), "other": other}
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"test_{module}: {len(outcomes) - len(other)} ok, {len(other)} not")


if __name__ == "__main__":
    main(sys.argv[1:] or MODULES)
