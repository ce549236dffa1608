# SPDX-License-Identifier: MIT
"""memcached over TCP, by several threads and a client with several connections, and UDP."""


def test_memcached(every):
    every.server("cache", "exec memcached -p 11211 -U 11211 -t 4")
    every.host("client", "exec /usr/bin/python3 $TOP/tests/system/progs/memcached_client.py cache",
              after="cache:11211")
    result = every.run().check()
    assert "all as expected" in result.out
