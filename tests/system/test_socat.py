# SPDX-License-Identifier: MIT
"""socat in its TCP, UDP and listening forms."""

import harness


def test_tcp_pipe(both):
    """A file from one end to the other through TCP-LISTEN, closed by the sender."""
    size = 300_000 if both.lossy else 10_000_000
    sink = both.host("sink", "exec socat -u TCP-LISTEN:7000,reuseaddr OPEN:got,creat,trunc",
                     cable=both.impairments)
    source = both.host("source", "exec socat -u OPEN:file TCP:sink:7000", after="sink:7000")
    digest = harness.random_file(source.folder / "file", size)
    both.run().check()
    assert harness.sha256(sink.folder / "got") == digest


def test_tcp_fork_half_close(both):
    """A forking listener runs a program per connection; half-close both ways."""
    both.server("server", "exec socat TCP-LISTEN:7000,reuseaddr,fork SYSTEM:'sort -n'")
    client = both.host("client", """
for i in 1 2 3 4 5; do
    seq 500 -1 1 | socat -t 30 - TCP:server:7000 >sorted-$i &
done
wait
for i in 1 2 3 4 5; do seq 500 | cmp - sorted-$i; done
""", after="server:7000")
    both.run().check()
    assert (client.folder / "sorted-5").exists()


def test_tcp_relay(both):
    """A relay in the middle: client, relay and server on three hosts."""
    web = both.server("web", "exec /usr/bin/python3 -m http.server 80")
    both.server("relay", "exec socat TCP-LISTEN:8080,reuseaddr,fork TCP:web:80", after="web:80",
                cable={})
    digest = harness.random_file(web.folder / "file", 200_000)
    client = both.host("client", "curl -sSf -o got http://relay:8080/file", after="relay:8080")
    both.run().check()
    assert harness.sha256(client.folder / "got") == digest


def test_udp_echo(both):
    """UDP-RECVFROM answers whoever asked; a lost datagram is asked again."""
    both.server("server", "exec socat UDP-RECVFROM:7000,fork EXEC:cat")
    client = both.host("client", """
sleep 0.5
for i in $(seq 20); do
    for attempt in $(seq 20); do
        answer=$(echo "datagram $i" | socat -t 0.5 - UDP:server:7000 | head -n 1)
        [ "$answer" = "datagram $i" ] && break
    done
    echo "$answer" >>got
done
""")
    both.run().check()
    assert (client.folder / "got").read_text() == \
        "".join(f"datagram {i}\n" for i in range(1, 21))


def test_udp_listen_connect(net):
    """UDP-LISTEN connects itself to the first peer."""
    net.server("server", "exec socat UDP-LISTEN:7000 EXEC:cat")
    client = net.host("client", "sleep 0.5; printf 'one\\n' | socat -t 1 - UDP:server:7000 >got")
    net.run().check()
    assert (client.folder / "got").read_text() == "one\n"
