# SPDX-License-Identifier: MIT
"""PostgreSQL with psql and pgbench."""

import re

SERVER = """
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
"$bin/initdb" -D data -A trust -U tester --no-sync >initdb.log
echo 'host all all all trust' >>data/pg_hba.conf
exec "$bin/postgres" -D data -h '*' -p 5432 -k '' -F
"""


def test_psql_and_pgbench(every):
    every.server("db", SERVER)
    seconds = 3
    client = every.host("client", f"""
export PGHOST=db PGUSER=tester PGDATABASE=postgres
until psql -c 'select 1' >/dev/null 2>&1; do sleep 0.2; done
psql -v ON_ERROR_STOP=1 -At >out <<END
create table numbers as select generate_series(1, 5000) as n;
select sum(n) from numbers;
select client_addr, server_addr, server_port from (select inet_client_addr() as client_addr,
    inet_server_addr() as server_addr, inet_server_port() as server_port) as addresses;
\\copy numbers to 'numbers.txt'
END
seq 5000 | cmp - numbers.txt
pgbench -q -i -s 1 -I dtGvp >init.log 2>&1
pgbench -c 4 -j 2 -T {seconds} >bench.log
""", after="db:5432")
    every.run(90).check()
    out = (client.folder / "out").read_text()
    assert "12502500\n" in out
    assert f"{client.address}|{every.hosts['db'].address}|5432" in out
    report = (client.folder / "bench.log").read_text()
    done = int(re.search(r"actually processed: (\d+)", report).group(1))
    assert done > (3 if every.lossy else 100), report
    assert re.search(r"failed transactions: 0 ", report), report


def test_cancel(net):
    """A query is cancelled from another connection, a statement by its time-out."""
    net.server("db", SERVER)
    client = net.host("client", """
export PGHOST=db PGUSER=tester PGDATABASE=postgres
until psql -c 'select 1' >/dev/null 2>&1; do sleep 0.2; done
set +e
timeout -s INT 1 psql -c 'select pg_sleep(60)' 2>cancelled
psql -c "set statement_timeout = 200" -c 'select pg_sleep(60)' 2>late
psql -At -c 'select 42' >alive
""", after="db:5432")
    net.run().check()
    assert "user request" in (client.folder / "cancelled").read_text()
    assert "statement timeout" in (client.folder / "late").read_text()
    assert (client.folder / "alive").read_text() == "42\n"
