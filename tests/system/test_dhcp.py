# SPDX-License-Identifier: MIT
"""dnsmasq as DHCP and DNS server of a network; clients that get their address from it: udhcpc and
ISC's dhclient. Broadcasts, packet sockets with filters, addresses and routes set by programs."""

import re
import shutil

import pytest

import harness

PATH = harness.PATH
pytestmark = [
    pytest.mark.skipif(harness.NATIVE, reason="hosts' programs are not root on the kernel"),
    pytest.mark.skipif(not shutil.which("dnsmasq", path=PATH), reason="no dnsmasq"),
]
CLIENTS = {
    "udhcpc": """
cat >script <<'S'
#!/bin/sh
case $1 in
deconfig) ip -4 addr flush dev $interface; ip link set $interface up;;
bound) ip addr add $ip/$mask brd + dev $interface; ip route add default via $router;;
esac
S
chmod +x script
udhcpc -i eth0 -n -q -f -t 5 -T 1 -s $PWD/script
""",
    "dhclient": """
cat >script <<'S'
#!/bin/sh
case $reason in
PREINIT) ip link set $interface up;;
BOUND) ip addr add $new_ip_address/24 brd + dev $interface; ip route add default via $new_routers
    touch $PWD/bound;;
esac
exit 0
S
chmod +x script
dhclient -1 -v -d -cf /dev/null -sf $PWD/script -lf $PWD/leases -pf $PWD/pid eth0 &
for i in $(seq 100); do [ -e bound ] && break; sleep 0.1; done
kill $!
""",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_lease(net, client):
    if not shutil.which(client, path=PATH):
        pytest.skip(f"no {client}")
    server = net.server("server", f"""
ip route add 198.51.100.0/24 dev lo
ip addr add 198.51.100.1/32 dev lo
exec dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --no-ping --pid-file= \\
    --dhcp-leasefile=$PWD/leases --dhcp-range={harness.SUBNET}.100,{harness.SUBNET}.150,1h \\
    --dhcp-option=option:router,{harness.SUBNET}.1 --address=/shop.test/198.51.100.1 \\
    --dhcp-authoritative
""")
    host = net.host("client", f"""
ip -4 addr flush dev eth0
ip -4 addr show dev eth0 >before
{CLIENTS[client]}
ip -4 -o addr show dev eth0 >addr
ip route >route
dig +short @{harness.SUBNET}.1 shop.test >name
ping -c 1 -W 2 198.51.100.1 >ping
""", after="server:53")
    net.run().check()
    assert (host.folder / "before").read_text() == ""
    given = re.search(rf"inet ({harness.SUBNET}\.1[0-5]\d)/24 brd {harness.SUBNET}\.255",
                      (host.folder / "addr").read_text())
    assert given, (host.folder / "addr").read_text()
    assert f" {given[1]} " in (server.folder / "leases").read_text()
    assert f"default via {harness.SUBNET}.1 dev eth0" in (host.folder / "route").read_text()
    assert (host.folder / "name").read_text() == "198.51.100.1\n"
    assert "1 received" in (host.folder / "ping").read_text()
