# SPDX-License-Identifier: MIT
"""redis-server with redis-cli and redis-benchmark."""

import re

SERVER = "exec redis-server --port 6379 --bind '-*' '-::*' --protected-mode no --save ''"


def test_redis_cli(every):
    every.server("redis", SERVER)
    count = 50 if every.lossy else 1000
    client = every.host("client", f"""
redis-cli -h redis ping
redis-cli -h redis set key value
redis-cli -h redis get key
head -c 300000 /dev/zero | tr '\\0' x >big
redis-cli -h redis -x set big <big
redis-cli -h redis get big | head -c 300000 | cmp - big
seq {count} | sed 's/.*/incr counter/' | redis-cli -h redis >counts
tail -n 1 counts
""", after="redis:6379")
    result = every.run().check()
    assert (client.folder / "counts").read_text().split()[-1] == str(count)
    for word in ("PONG", "OK", "value"):
        assert word in result.out


def test_redis_benchmark(both46):
    """50 connections at once, one by one and pipelined."""
    both46.server("redis", SERVER)
    count = 500 if both46.lossy else 20000
    client = both46.host("client", f"""
redis-benchmark -h redis -t get,set -c 50 -n {count} --csv >plain
redis-benchmark -h redis -t get,set -c 50 -n {count * 4} -P 16 --csv >pipelined
""", after="redis:6379")
    both46.run().check()
    for name in ("plain", "pipelined"):
        report = (client.folder / name).read_text()
        rates = dict(re.findall(r'"(GET|SET)","([\d.]+)"', report))
        assert float(rates["GET"]) > 10 and float(rates["SET"]) > 10, report


def test_redis_publish(both46):
    """A subscriber gets what another connection publishes, in order."""
    both46.server("redis", SERVER)
    subscriber = both46.host("subscriber", """
timeout 60 redis-cli -h redis subscribe news >got &
redis=$!
for i in $(seq 200); do
    grep -q message-20 got 2>/dev/null && break
    sleep 0.2
done
kill $redis
""", after="redis:6379")
    both46.host("publisher", """
for i in $(seq 100); do
    [ "$(redis-cli -h redis publish news early)" -ge 1 ] && break
    sleep 0.2
done
seq -f 'publish news message-%g' 20 | redis-cli -h redis
""", after="redis:6379")
    both46.run().check()
    messages = re.findall(r"message-(\d+)", (subscriber.folder / "got").read_text())
    assert messages == [str(number) for number in range(1, 21)]
