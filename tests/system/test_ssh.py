# SPDX-License-Identifier: MIT
"""ssh and scp with an unprivileged sshd."""

import os
import shutil
import subprocess

import harness

SSHD = """
Port 2222
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
Subsystem sftp internal-sftp
"""
OPTIONS = ("-F /dev/null -i user_key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
           " -o LogLevel=ERROR -o BatchMode=yes -o ConnectTimeout=30")


def add_sshd(network):
    """The server, and on it keys that let the user in."""
    server = network.server("server", "exec $(command -v sshd) -D -e -f $PWD/sshd_config")
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test",
                        "-f", str(server.folder / name)], check=True)
        harness.owned_by_user(server.folder / name)
    (server.folder / "sshd_config").write_text(SSHD.format(folder=server.folder))
    return server


def add_client(network, server, script):
    client = network.host("client", script, after="server:2222")
    shutil.copy(server.folder / "user_key", client.folder / "user_key")
    os.chmod(client.folder / "user_key", 0o600)
    harness.owned_by_user(client.folder / "user_key")
    return client


def test_ssh_command(every):
    server = add_sshd(every)
    user = harness.user_name()
    client = add_client(every, server, f"""
ssh -n -p 2222 {OPTIONS} {user}@server 'echo "$SSH_CONNECTION"; echo to-stderr >&2' >out 2>err
set +e
ssh -n -p 2222 {OPTIONS} {user}@server 'exit 7'
echo $? >status
set -e
seq 20000 | ssh -p 2222 {OPTIONS} {user}@server 'sort -n | sha256sum' >sum
seq 20000 | sha256sum | cmp - sum
""")
    every.run().check()
    seen = (client.folder / "out").read_text().split()
    assert seen[0] == client.address and seen[2:] == [server.address, "2222"]
    assert "to-stderr" in (client.folder / "err").read_text()
    assert (client.folder / "status").read_text().strip() == "7"


def test_scp(both46):
    server = add_sshd(both46)
    size = 300_000 if both46.lossy and not harness.LONG else 20_000_000
    remote = f"{harness.user_name()}@server:{server.folder}"
    client = add_client(both46, server, f"""
scp -q -P 2222 {OPTIONS} file {remote}/there
scp -q -P 2222 {OPTIONS} {remote}/there back
""")
    digest = harness.random_file(client.folder / "file", size)
    both46.run().check()
    assert harness.sha256(server.folder / "there") == digest
    assert harness.sha256(client.folder / "back") == digest


def test_port_forwarding(both):
    """ssh -L: a listener, a connection and a channel in one process."""
    server = add_sshd(both)
    user = harness.user_name()
    server.script = ("/usr/bin/python3 -m http.server 8000 --bind 127.0.0.1 &\n"
                     + server.script)
    digest = harness.random_file(server.folder / "file", 100_000)
    client = add_client(both, server, f"""
ssh -n -N -p 2222 {OPTIONS} -o ExitOnForwardFailure=yes -L 9000:127.0.0.1:8000 {user}@server &
curl -sSf --retry 60 --retry-connrefused --retry-delay 1 -o got http://127.0.0.1:9000/file
kill $!
""")
    both.run().check()
    assert harness.sha256(client.folder / "got") == digest


def test_link_local(folder):
    """By an address that means nothing without the interface."""
    network = harness.Network(folder, family="ipv6")
    server = add_sshd(network)
    server.script = f"{harness.LINK_LOCAL} >link-local\n{server.script}"
    user = harness.user_name()
    client = add_client(network, server, f"""
{harness.LINK_LOCAL} >link-local
to=$(cat {server.folder}/link-local)%eth0
ssh -n -p 2222 {OPTIONS} {user}@$to 'echo "$SSH_CONNECTION"' >out
scp -q -P 2222 {OPTIONS} file "{user}@[$to]:{server.folder}/there"
""")
    digest = harness.random_file(client.folder / "file", 100_000)
    network.run().check()
    seen = (client.folder / "out").read_text().split()
    assert [word[:6] + word[-5:] for word in (seen[0], seen[2])] == ["fe80::%eth0"] * 2
    assert harness.sha256(server.folder / "there") == digest
