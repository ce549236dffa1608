# SPDX-License-Identifier: MIT
"""Web servers and their clients: Python's and nginx, curl, wget, wrk and ab."""

import re

import pytest

import harness

NGINX = """
daemon off;
worker_processes 3;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 30s;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {any}:80 {listen};
        root {folder};
        location = /hello {{ return 200 "hello\\n"; }}
    }}
}}
"""


def size(network, clean, lossy):
    """The clean network always gets the whole file, the lossy one only in a long run."""
    return clean if not network.lossy or harness.LONG else lossy


def add_nginx(network, name="web", listen="reuseport"):
    web = network.server(name, "exec nginx -e stderr -p . -c $PWD/nginx.conf")
    if network.family != "ipv4":
        listen += " ipv6only=off"
    (web.folder / "nginx.conf").write_text(
        NGINX.format(folder=web.folder, any=network.any_bracketed, listen=listen))
    return web


def check_hashes(host, names, expected):
    for name in names:
        assert harness.sha256(host.folder / name) == expected, f"{name} differs"


def test_python_http_server(every):
    web = every.server("web", "exec /usr/bin/python3 -m http.server --bind $ANY 80")
    digest = harness.random_file(web.folder / "file", size(every, 20_000_000, 500_000))
    curl = every.host("curl", "curl -sSf -o got http://web/file", after="web:80")
    wget = every.host("wget", "wget -q -O got http://web/file", after="web:80")
    every.run(60).check()
    check_hashes(curl, ["got"], digest)
    check_hashes(wget, ["got"], digest)


def test_nginx_large_file(every):
    web = add_nginx(every)
    digest = harness.random_file(web.folder / "file", size(every, 100_000_000, 1_000_000))
    curl = every.host("curl", "curl -sSf -o got http://web/file", after="web:80")
    wget = every.host("wget", "wget -q -O got http://web/file", after="web:80")
    every.run(600 if harness.LONG else 60).check()
    check_hashes(curl, ["got"], digest)
    check_hashes(wget, ["got"], digest)


def test_nginx_keepalive(both46):
    """Several requests of one curl use one connection."""
    web = add_nginx(both46, listen="")
    digest = harness.random_file(web.folder / "file", 20_000)
    curl = both46.host(
        "curl", "curl -sSf -w '%{num_connects}\\n' -o a http://web/file -o b http://web/file"
        " -o c http://web/file >connects", after="web:80")
    both46.run().check()
    check_hashes(curl, ["a", "b", "c"], digest)
    assert (curl.folder / "connects").read_text().split() == ["1", "0", "0"]


def test_nginx_missing_page(net):
    add_nginx(net)
    curl = net.host("curl", "curl -s -o page -w '%{http_code}' http://web/none >code",
                    after="web:80")
    net.run().check()
    assert (curl.folder / "code").read_text() == "404"


def test_upload(every):
    """The client is the one that sends: a PUT to a Python server that stores it."""
    web = every.server("web", "exec /usr/bin/python3 $TOP/tests/system/progs/put_server.py 80")
    client = every.host("client", "curl -sSf -T file http://web/stored", after="web:80")
    digest = harness.random_file(client.folder / "file", size(every, 20_000_000, 300_000))
    every.run(60).check()
    check_hashes(web, ["stored"], digest)


def test_wrk(every):
    add_nginx(every)
    wrk = every.host("wrk", "wrk -t2 -c20 -d2s http://web/hello >report", after="web:80")
    every.run().check()
    report = (wrk.folder / "report").read_text()
    assert int(re.search(r"(\d+) requests in", report).group(1)) > 20, report
    assert "Non-2xx" not in report, report
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", report)
    assert errors is None or errors.groups() == ("0", "0", "0"), report


def test_ab(both46):
    add_nginx(both46)
    count = 200 if both46.lossy else 5000
    ab = both46.host("ab", f"ab -q -n {count} -c 10 http://web/hello >closing\n"
                   f"ab -q -k -n {count} -c 10 http://web/hello >keeping", after="web:80")
    both46.run().check()
    for name in ("closing", "keeping"):
        report = (ab.folder / name).read_text()
        assert re.search(rf"Complete requests: +{count}\n", report), report
        assert re.search(r"Failed requests: +0\n", report), report
    assert re.search(rf"Keep-Alive requests: +{count}\n", report), report


def test_link_local(folder):
    """By an address and an interface, in their several spellings."""
    network = harness.Network(folder, family="ipv6")
    web = add_nginx(network)
    web.script = f"{harness.LINK_LOCAL} >link-local\n{web.script}"
    client = network.host("client", f"""
to=$(cat {web.folder}/link-local)
ping -6 -c 1 -W 5 $to%eth0
ping -6 -c 1 -W 5 -I eth0 $to
curl -sSf -o scoped "http://[$to%25eth0]/file"
curl -sSf -o bound --interface eth0 "http://[$to]/file"
! curl -sSf -o unscoped "http://[$to]/file"
""", after="web:80")
    digest = harness.random_file(web.folder / "file", 100_000)
    network.run().check()
    check_hashes(client, ["scoped", "bound"], digest)


EYEBALLS = """
curl -sSf --happy-eyeballs-timeout-ms 1000 -o got -w '%{remote_ip} %{time_connect}\\n' \\
    http://web/hello
/usr/bin/python3 - <<'END'
import asyncio, time
async def connect():
    start = time.monotonic()
    _, writer = await asyncio.open_connection("web", 80, happy_eyeballs_delay=1)
    print(writer.get_extra_info("peername")[0], time.monotonic() - start)
asyncio.run(connect())
END
"""


@pytest.mark.skipif(harness.NATIVE, reason="two networks")
@pytest.mark.parametrize("dead", ["four", "six", "none"])
def test_happy_eyeballs(folder, progs, dead):
    """The name has an address of either family, and the network of one is dead: who knows how goes
    by the other. IPv6 comes first, and IPv4 only after a while."""
    harness.owned_by_user(folder)
    cables = {"four": "address: 10.9.0.1", "six": "address6: 'fd09::1'"}
    if dead != "none":
        cables[dead] += ", loss: 100%"
    (folder / "nginx.conf").write_text(
        NGINX.format(folder=folder, any="[::]", listen="ipv6only=off"))
    (folder / "file").write_text("file")
    (folder / "client.sh").write_text(
        f"cd {folder}\n" + EYEBALLS + f"{progs}/web-go get http://web/hello 1\n")
    (folder / "net.yaml").write_text(f"""
networks: {{four: {{subnet: 10.9.0.0/24}}, six: {{subnet6: 'fd09::/64'}}}}
hosts:
  web:
    networks: {{four: {{{cables["four"]}}}, six: {{{cables["six"]}}}}}
    command: exec nginx -e stderr -p {folder} -c {folder}/nginx.conf
    expect: running
  client: {{networks: [four, six], command: sh {folder}/client.sh, after: "web:80"}}
""")
    result = harness.Job(harness.unprivileged() + [
        harness.BERTH, "run", "-f", str(folder / "net.yaml")], folder).wait(60).check()
    seen = [line.split()[-2:] for line in result.out.splitlines()]
    assert len(seen) == 3 and seen[2][0] == "200", result.explain()
    for address, seconds in seen[:2]:
        assert address == ("10.9.0.1" if dead == "six" else "fd09::1"), result.explain()
        assert dead != "six" or 0.95 <= float(seconds) < 3, result.explain()
