# SPDX-License-Identifier: MIT
"""socat in its TCP, UDP and listening forms: it speaks IPv4 where no address says otherwise, so
that the scripts name the family ($ON to listen, $TO to connect) and want $DUAL listeners."""

import harness


def test_tcp_pipe(every):
    """A file from one end to the other through TCP-LISTEN, closed by the sender."""
    size = 300_000 if every.lossy else 10_000_000
    sink = every.host("sink", "exec socat -u TCP${ON}-LISTEN:7000$DUAL,reuseaddr"
                      " OPEN:got,creat,trunc", cable=every.impairments)
    source = every.host("source", "exec socat -u OPEN:file TCP$TO:sink:7000", after="sink:7000")
    digest = harness.random_file(source.folder / "file", size)
    every.run().check()
    assert harness.sha256(sink.folder / "got") == digest


def test_tcp_fork_half_close(both46):
    """A forking listener runs a program per connection; half-close both ways."""
    both46.server("server", "exec socat TCP${ON}-LISTEN:7000$DUAL,reuseaddr,fork SYSTEM:'sort -n'")
    client = both46.host("client", """
for i in 1 2 3 4 5; do
    seq 500 -1 1 | socat -t 30 - TCP$TO:server:7000 >sorted-$i &
done
wait
for i in 1 2 3 4 5; do seq 500 | cmp - sorted-$i; done
""", after="server:7000")
    both46.run().check()
    assert (client.folder / "sorted-5").exists()


def test_tcp_relay(both46):
    """A relay in the middle: client, relay and server on three hosts."""
    web = both46.server("web", "exec /usr/bin/python3 -m http.server --bind $ANY 80")
    both46.server("relay", "exec socat TCP${ON}-LISTEN:8080$DUAL,reuseaddr,fork"
                  " TCP$TO:web:80", after="web:80",
                cable={})
    digest = harness.random_file(web.folder / "file", 200_000)
    client = both46.host("client", "curl -sSf -o got http://relay:8080/file", after="relay:8080")
    both46.run().check()
    assert harness.sha256(client.folder / "got") == digest


def test_udp_echo(every):
    """UDP-RECVFROM answers whoever asked; a lost datagram is asked again."""
    every.server("server", "exec socat UDP${ON}-RECVFROM:7000$DUAL,fork EXEC:cat")
    client = every.host("client", """
sleep 0.5
for i in $(seq 10); do
    for attempt in $(seq 20); do
        answer=$(echo "datagram $i" | socat -t 0.3 - UDP$TO:server:7000 | head -n 1)
        [ "$answer" = "datagram $i" ] && break
    done
    echo "$answer" >>got
done
""")
    every.run().check()
    assert (client.folder / "got").read_text() == \
        "".join(f"datagram {i}\n" for i in range(1, 11))


def test_udp_listen_connect(net46):
    """UDP-LISTEN connects itself to the first peer."""
    net46.server("server", "exec socat UDP${ON}-LISTEN:7000$DUAL EXEC:cat")
    client = net46.host("client",
                        "sleep 0.5; printf 'one\\n' | socat -t 1 - UDP$TO:server:7000 >got")
    net46.run().check()
    assert (client.folder / "got").read_text() == "one\n"
