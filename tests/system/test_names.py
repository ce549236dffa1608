# SPDX-License-Identifier: MIT
"""Host names: dig against the name service, getent through libc."""

import pytest

import harness

needs_name_service = pytest.mark.skipif(harness.NATIVE, reason="/etc/hosts is no name service")


@needs_name_service
def test_dig(both):
    web = both.server("web", "exec sleep 60")
    client = both.host("client", """
dig +short web A >a
dig +short -x 10.9.0.1 >ptr
dig +tcp +short web A >tcp
dig nobody A | grep -o 'status: [A-Z]*' >unknown
dig web MX | grep -o 'status: [A-Z]*' >none
""")
    both.run().check()
    assert (client.folder / "a").read_text() == f"{web.address}\n"
    assert (client.folder / "ptr").read_text() == "web.\n"
    assert (client.folder / "tcp").read_text() == f"{web.address}\n"
    assert (client.folder / "unknown").read_text() == "status: NXDOMAIN\n"
    assert (client.folder / "none").read_text() == "status: NOERROR\n"


def test_getent(both):
    web = both.server("web", "exec sleep 60")
    client = both.host("client", f"""
getent hosts web >by-name
getent hosts {web.address} >by-address
getent ahostsv4 web >all
! getent hosts nobody
""")
    both.run().check()
    assert (client.folder / "by-name").read_text().split() == [web.address, "web"]
    assert (client.folder / "by-address").read_text().split() == [web.address, "web"]
    assert f"{web.address} " in (client.folder / "all").read_text()
