"""What is damaged or lost is told, and comes back by the command that is told with it."""

import json
import shlex
from pathlib import Path

import pytest
from bench import ROOT
from bench import Bench
from bench import eventually

STATE = "/data/workbench"
# How a file that holds something becomes one that nobody can read.
SPOIL = "sudo truncate -s 40 {0} && echo spoiled | sudo tee -a {0}"


def state_file(bench: Bench) -> Path:
    stacks = bench.folder / "pulumi-state" / ".pulumi" / "stacks"
    return stacks / "workbench" / f"{bench.stack}.json"


def configuration(bench: Bench) -> Path:
    return ROOT / f"Pulumi.{bench.stack}.yaml"


def first_failure(bench: Bench) -> dict[str, str]:
    reports = json.loads(bench.run("doctor", "--quick", "--json", exit_code=1).stdout)
    found: dict[str, str] = next(each for each in reports if each["result"] == "FAIL")
    return found


def changes_nothing(bench: Bench) -> None:
    bench.shell("pulumi preview --expect-no-changes --non-interactive")


def test_a_damaged_or_lost_state_is_told_with_the_server_and_recovered(bench: Bench) -> None:
    server, before = bench.outputs()["instance_id"], configuration(bench).read_bytes()
    path = state_file(bench)
    path.write_bytes(path.read_bytes()[:2000])
    for command in (("status",), ("destroy", "--yes"), ("up", "--yes")):
        said = bench.run(*command, exit_code=1).stderr
        assert server in said, command
        assert f"workbench recover --stack {bench.stack}" in said, command
    failed = first_failure(bench)
    assert (failed["name"], failed["fix"]) == ("state", f"workbench recover --stack {bench.stack}")
    assert "is restored" in bench.run("recover", "--dry-run").stdout
    bench.run("recover", "--yes")
    assert configuration(bench).read_bytes() == before
    assert "change nothing" in bench.run("up", "--dry-run").stdout
    changes_nothing(bench)

    # Lost on this computer, copy and all: the workbench's bucket has another.
    path.unlink()
    (bench.folder / "copy-workbench.json").unlink()
    assert server in bench.run("status").stdout
    assert server in bench.run("destroy", "--yes", exit_code=1).stderr
    assert server in bench.run("up", "--yes", exit_code=1).stderr
    bench.run("recover", "--yes")
    changes_nothing(bench)
    assert "nothing to recover" in bench.run("recover").stdout


def test_a_lost_configuration_and_a_lost_passphrase_are_recovered(bench: Bench) -> None:
    path = configuration(bench)
    before = path.read_bytes()
    # The copy is of the last up.
    bench.run("up")
    path.unlink()
    for command in ("up", "users.list", "converge"):
        assert "configuration" in bench.run(command, exit_code=2).stderr
    assert first_failure(bench)["name"] == "own-files"
    assert not path.exists()
    bench.run("recover", "--yes")
    assert path.read_bytes() == before

    (bench.folder / "passphrase").write_text("another")
    failed = first_failure(bench)
    assert failed["name"] == "own-files"
    assert "passphrase" in failed["evidence"]
    assert "--new-passphrase" in bench.run("recover", "--yes", exit_code=1).stderr
    said = bench.run("recover", "--new-passphrase", "--yes").stdout
    assert "No secrets are lost" in said
    changes_nothing(bench)


def test_what_is_damaged_on_the_data_volume_is_set_aside_and_made_again(bench: Bench) -> None:
    account = bench.server("getent passwd test-user; sudo grep test-user: /etc/shadow")
    spoiled = [
        f"{STATE}/jupyterhub/jupyterhub.sqlite",
        f"{STATE}/jupyterhub/jupyterhub_cookie_secret",
        f"{STATE}/accounts/accounts.json",
        f"{STATE}/accounts/register.json",
        f"{STATE}/ssh/ssh_host_ed25519_key",
        "$(sudo find /data/workbench/caddy/certificates -name '*.crt' | head -n 1)",
        "$(sudo find /data/workbench/caddy/acme -name '*.key' | head -n 1)",
    ]
    database = "/var/lib/rstudio-server/rstudio.sqlite"
    bench.server(f"sudo mkdir -p /var/lib/rstudio-server; echo x | sudo tee {database}")
    bench.server("; ".join(SPOIL.format(f'"{path}"') for path in [*spoiled, database]))
    bench.server("sudo systemctl restart jupyterhub caddy rstudio-server")
    bench.run("converge", "--yes")

    units = "systemctl is-active jupyterhub caddy rstudio-server"
    assert bench.server(units).split() == ["active"] * 3
    assert eventually(lambda: bench.run("check", exit_code=None).returncode == 0, limit=90)
    notes = bench.server("sudo cat /data/workbench/set-aside/notes.txt")
    for name in (
        "jupyterhub.sqlite",
        "cookie_secret",
        "register.json",
        "/ssh ",
        "/caddy/",
        database,
    ):
        assert name in notes, notes
    assert bench.hub().sign_in(bench.password()).status_code == 302
    assert bench.server("getent passwd test-user; sudo grep test-user: /etc/shadow") == account
    assert "test-user" in bench.server(f"sudo cat {STATE}/accounts/accounts.json")
    assert "Nothing to change" in bench.run("converge", "--dry-run").stdout
    bench.run("ssh.connect", "sudo rm -r /data/workbench/set-aside")


def test_lost_files_of_the_product_are_made_again(bench: Bench) -> None:
    account = bench.server("getent passwd test-user; sudo grep test-user: /etc/shadow")
    keys = bench.server("cat /etc/ssh/ssh_host_*_key.pub")
    bench.server(f"sudo find {STATE} -mindepth 1 -delete")
    bench.run("converge", "--yes")
    assert bench.server("cat /etc/ssh/ssh_host_*_key.pub") == keys
    assert bench.server("getent passwd test-user; sudo grep test-user: /etc/shadow") == account
    assert eventually(lambda: bench.run("check", exit_code=None).returncode == 0, limit=90)
    assert bench.hub().sign_in(bench.password()).status_code == 302
    assert "test-user" in bench.server(f"sudo cat {STATE}/accounts/register.json")


@pytest.mark.parametrize("content", ["", "\0\0garbage \xff\n"])
def test_damaged_pinned_host_keys_are_read_from_the_console_again(
    bench: Bench, content: str
) -> None:
    known = bench.folder / "ssh" / "known_hosts"
    instance = bench.outputs()["instance_id"]
    known.write_bytes(f"{content}{instance} ssh-ed25519 AAAA!half\n".encode("latin-1"))
    assert bench.status()["problem"] is None
    assert f"{instance} ssh-ed25519 AAAAC3Nza" in known.read_text(errors="replace")


# Signed as the server's role, from the server: AWS and a rehearsal alike look who asks.
AS_ROLE = r"""
token=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
  http://169.254.169.254/latest/api/token)
role=http://169.254.169.254/latest/meta-data/iam/security-credentials/
ask() { curl -sH "X-aws-ec2-metadata-token: $token" "$1"; }
keys=$(ask "$role$(ask "$role")")
of() { python3 -c "import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])" "$keys" "$1"; }
curl -s --aws-sigv4 aws:amz:us-east-1:ssm --user "$(of AccessKeyId):$(of SecretAccessKey)" \
  -H "X-Amz-Security-Token: $(of Token)" -H 'X-Amz-Target: AmazonSSM.GetParameter' \
  -H 'Content-Type: application/x-amz-json-1.1' -d '{"Name": "/team/secret"}' \
  https://ssm.us-east-1.amazonaws.com/
"""


def test_the_servers_role_reads_no_parameter_of_the_account(bench: Bench) -> None:
    bench.aws("ssm").put_parameter(Name="/team/secret", Type="String", Value="of the team")
    try:
        said = bench.server(f"sudo bash -c {shlex.quote(AS_ROLE)}")
    finally:
        bench.aws("ssm").delete_parameter(Name="/team/secret")
    assert "AccessDenied" in said, said
    assert "is not authorized to perform: ssm:GetParameter" in said, said
