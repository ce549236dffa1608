# SPDX-License-Identifier: MIT
"""memcached over TCP, by several threads and a client with several connections, and UDP."""


def test_memcached(both):
    both.server("cache", "exec memcached -l 0.0.0.0 -p 11211 -U 11211 -t 4")
    both.host("client", "exec /usr/bin/python3 $TOP/tests/system/progs/memcached_client.py cache",
              after="cache:11211")
    result = both.run().check()
    assert "all as expected" in result.out
