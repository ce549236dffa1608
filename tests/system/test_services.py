# SPDX-License-Identifier: MIT
"""Old and new services: FTP with both ways of opening its data connections, mail, telnet, QUIC."""

import os
import subprocess

import pytest

import harness

pytestmark = pytest.mark.skipif(harness.NATIVE, reason="the networks are berth's own")

IMPAIRED = {"clean": "",
            "lossy": ", delay: 30ms, jitter: 5ms, loss: 2%, duplicate: 1%, reorder: 1%"}


@pytest.fixture(params=IMPAIRED)
def pair(request, folder):
    """Runs a server and a client, shell scripts in `folder`, on a network of both families."""
    harness.owned_by_user(folder)

    def run(server, client, after):
        for name, script in (("server", f"exec {server}"), ("client", f"set -eu\n{client}")):
            (folder / f"{name}.sh").write_text(f"cd {folder}\nexport TMPDIR={folder}\n{script}\n")
        (folder / "net.yaml").write_text(f"""
seed: 7
networks:
  lan: {{subnet: 10.9.0.0/24, subnet6: "fd09::/64"}}
hosts:
  server:
    networks: {{lan: {{address: 10.9.0.1, address6: "fd09::1"{IMPAIRED[request.param]}}}}}
    command: sh {folder}/server.sh
    expect: running
  client:
    networks: [lan]
    command: sh {folder}/client.sh
    after: server:{after}
""")
        job = harness.Job(harness.unprivileged() + [harness.BERTH, "run", "-f",
                                                    str(folder / "net.yaml")], folder)
        return job.wait(180).check()
    return run


def make_file(folder, name, size):
    path = folder / name
    path.write_bytes(os.urandom(size))
    return harness.owned_by_user(path)


def test_ftp(pair, folder):
    """Passive (EPSV, PASV) and active (EPRT, PORT) transfers, over both families."""
    for name in ("pub", "empty"):
        harness.owned_by_user(harness.make_folder(folder / name))
    make_file(folder / "pub", "file", 200_000)
    for name in ("pub", "empty"):
        (folder / name).chmod(0o555)  # vsftpd serves nobody from what can be written
    conf = folder / "vsftpd.conf"
    conf.write_text(f"""listen=NO
listen_ipv6=YES
background=NO
run_as_launching_user=YES
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root={folder}/pub
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
connect_from_port_20=NO
isolate=NO
isolate_network=NO
xferlog_enable=NO
""")
    harness.owned_by_user(conf)
    pair(f"vsftpd {conf}", """
for family in -4 -6; do
    for way in "" -A; do
        tnftp $family $way -o got ftp://server/file
        cmp got pub/file
        rm got
    done
done
""", "21")


EXIM = """
exim_path = /usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/spool/log-%slog
exim_user = {user}
exim_group = {user}
deliver_drop_privilege = true
keep_environment =
tls_advertise_hosts =
primary_hostname = mail.test
domainlist local_domains = mail.test
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
begin acl
check_rcpt:
  accept domains = +local_domains
  deny message = relay not permitted
check_data:
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/mbox
  user = {user}
"""


def test_mail(pair, folder):
    """exim takes two letters from swaks, refuses a third, and talks to a telnet."""
    harness.owned_by_user(harness.make_folder(folder / "spool"))
    conf = folder / "exim.conf"
    conf.write_text(EXIM.format(folder=folder, user=harness.user_name()))
    harness.owned_by_user(conf)
    make_file(folder, "body", 0).write_text("line of a letter\n" * 2000)
    pair(f"exim4 -C {conf} -bdf -oX 25", """
for family in 4 6; do
    swaks -$family --server server --to you@mail.test --from me@client --body body --hide-all
done
swaks --server server --to you@else.where --from me@client --hide-all && exit 1
for i in $(seq 60); do
    [ "$(grep -c '^From: me@client' mbox)" = 2 ] && break
    sleep 0.5
done
grep -c '^line of a letter' mbox >lines
(sleep 1; echo 'EHLO me'; sleep 1; echo QUIT; sleep 2) | telnet server 25 >telnet.out 2>&1 || true
""", "25")
    assert (folder / "lines").read_text() == "4000\n"
    spoken = (folder / "telnet.out").read_text()
    assert "220 mail.test ESMTP" in spoken and "221 mail.test closing" in spoken


def test_quic(pair, folder):
    """ngtcp2's client and server: UDP with ECN, segmentation offload, and batches of datagrams."""
    harness.owned_by_user(harness.make_folder(folder / "pub"))
    harness.owned_by_user(harness.make_folder(folder / "got"))
    make_file(folder / "pub", "file", 300_000)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=server", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    for name in ("key.pem", "cert.pem"):
        harness.owned_by_user(folder / name)
    pair("gtlsserver -q -d pub '*' 4433 key.pem cert.pem", """
for address in fd09::1 10.9.0.1; do
    timeout 60 gtlsclient -q --exit-on-all-streams-close --download got \\
        $address 4433 https://server/file >quic.out 2>&1
    cmp got/file pub/file
    rm got/file
done
""", "4433/udp")
