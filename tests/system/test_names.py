# SPDX-License-Identifier: MIT
"""Host names: dig, nslookup and host against the name service; the resolvers of glibc, musl, Go
and c-ares."""

import pytest

import harness

needs_name_service = pytest.mark.skipif(harness.NATIVE, reason="/etc/hosts is no name service")


@needs_name_service
def test_dig(both46):
    web = both46.server("web", "exec sleep 60")
    kind, other = ("A", "AAAA") if both46.family == "ipv4" else ("AAAA", "A")
    client = both46.host("client", f"""
dig +short web {kind} >a
dig +short -x {web.address} >ptr
dig +tcp +short web {kind} >tcp
dig nobody {kind} | grep -o 'status: [A-Z]*' >unknown
dig web MX | grep -o 'status: [A-Z]*' >none
dig web {other} | grep -o 'status: [A-Z]*' >>none
""")
    both46.run().check()
    assert (client.folder / "a").read_text() == f"{web.address}\n"
    assert (client.folder / "ptr").read_text() == "web.\n"
    assert (client.folder / "tcp").read_text() == f"{web.address}\n"
    assert (client.folder / "unknown").read_text() == "status: NXDOMAIN\n"
    assert (client.folder / "none").read_text() == "status: NOERROR\n" * 2


def test_getent(both46):
    web = both46.server("web", "exec sleep 60")
    client = both46.host("client", f"""
getent hosts web >by-name
getent hosts {web.address} >by-address
getent ahostsv$TO web >all
! getent hosts nobody
""")
    both46.run().check()
    assert (client.folder / "by-name").read_text().split() == [web.address, "web"]
    assert (client.folder / "by-address").read_text().split() == [web.address, "web"]
    assert f"{web.address} " in (client.folder / "all").read_text()


RESOLVERS = {"glibc": "{progs}/lookup", "musl": "{progs}/lookup-musl", "go": "{progs}/lookup-go",
             "c-ares": "node {top}/tests/system/progs/lookup.js"}


def big_world(networks):
    """A host "big" on many networks, "asker" on the first alone."""
    lines = ["seed: 3", "networks:"]
    for i in range(networks):
        lines.append(f"  n{i}: {{subnet: 10.8.{i}.0/24}}")
    names = ", ".join(f"n{i}" for i in range(networks))
    lines += ["hosts:", f"  big: {{networks: [{names}], command: sleep 60, expect: running}}"]
    return lines


@needs_name_service
@pytest.mark.parametrize("resolver", RESOLVERS)
def test_resolvers(folder, progs, resolver):
    """The same questions, the same answers; fifty addresses do not fit a plain UDP answer."""
    program = RESOLVERS[resolver].format(progs=progs, top=harness.TOP)
    lines = big_world(50)
    lines += ["  small:", "    networks: {n0: {address: 10.8.0.9}}", "    command: sleep 60",
              "    expect: running", "  asker:", "    networks: [n0]",
              f"    command: sh -c '{program} small big nobody 10.8.0.9 10.8.0.77"
              f" >{folder}/answers'"]
    harness.owned_by_user(folder)
    (folder / "net.yaml").write_text("\n".join(lines) + "\n")
    job = harness.Job(harness.unprivileged() + [harness.BERTH, "run", "-f",
                                                str(folder / "net.yaml")], folder)
    job.wait(60).check()
    big = sorted(f"10.8.{i}.1" for i in range(50))
    answers = (folder / "answers").read_text().splitlines()
    if resolver == "musl":  # it has no DNS over TCP, and takes what a cut answer holds
        got = answers[1].split()[1:]
        assert got and set(got) <= set(big)
        del answers[1]
        big = None
    expect = ["small: 10.8.0.9"] + ([f"big: {' '.join(big)}"] if big else [])
    assert answers == expect + ["nobody: unknown", "10.8.0.9: small", "10.8.0.77: unknown"]


@needs_name_service
def test_tools(both46):
    web = both46.server("web", "exec sleep 60")
    kind = "AAAA" if both46.family == "ipv6" else "A"
    client = both46.host("client", f"""
nslookup web >nslookup
nslookup {web.address} >nslookup-ptr
host web >host
host {web.address} >host-ptr
! host nobody >host-unknown
dig +noall +comments +bufsize=512 web ANY >dig-any
dig +noedns +short web {kind} >dig-plain
""")
    both46.run().check()
    read = {p.name: p.read_text() for p in client.folder.iterdir() if p.is_file()}
    assert f"Address: {web.address}\n" in read["nslookup"]
    assert "name = web." in read["nslookup-ptr"]
    words = "has IPv6 address" if both46.family == "ipv6" else "has address"
    assert f"web {words} {web.address}\n" in read["host"]
    assert read["host-ptr"].endswith("domain name pointer web.\n")
    assert "3(NXDOMAIN)" in read["host-unknown"]
    assert "status: NOERROR" in read["dig-any"]
    assert read["dig-plain"] == f"{web.address}\n"
