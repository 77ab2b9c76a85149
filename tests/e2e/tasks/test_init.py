"""`workbench init`, with the rehearsal's API in AWS's place."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from bench import BIN
from bench import ROOT
from bench import Bench
from terminal import Terminal

from workbench.places import cache_dir
from workbench.tasks.rights.policy import read_policy

WORKBENCH = str(BIN / "workbench")
ZONE = "init.example.com"
DOMAIN = f"lab.{ZONE}"
TOLD = {
    "--stack": "prod",
    "--region": "us-east-1",
    "--users": "ada,grace",
    "--domain": "none",
    "--public-key": "id.pub",
    "--ssh-from": "203.0.113.7",
}


class Refusal(BaseHTTPRequestHandler):
    """AWS's answer to credentials that it doesn't know."""

    def do_POST(self) -> None:
        self.send_response(403)
        self.end_headers()
        self.wfile.write(
            b"<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>"
            b"<Message>The security token included in the request is invalid.</Message></Error>"
            b"</ErrorResponse>"
        )

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


class OwnAddress(Refusal):
    """The service that tells a caller its address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"198.51.100.9\n")


@pytest.fixture(scope="module")
def services() -> Iterator[list[str]]:
    """Give the addresses of an AWS that refuses credentials, and of the service for addresses."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Refusal, OwnAddress)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}/" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Desk:
    """A person's computer: a home, AWS credentials, and an empty folder to begin in."""

    home: Path
    env: dict[str, str]

    @property
    def folder(self) -> Path:
        return self.home / "bench"

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.folder / "Pulumi.prod.yaml").read_text())
        return dict(found["config"])

    def run(self, *words: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [WORKBENCH, *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "Traceback" not in done.stdout + done.stderr
        wrong = done.returncode == 0 if exit_code is None else done.returncode != exit_code
        assert not wrong, done.stdout + done.stderr
        return done

    def files(self) -> dict[Path, bytes]:
        """Return all that is written here, but for Pulumi's own log."""
        return {
            path: path.read_bytes()
            for path in self.home.rglob("*")
            if path.is_file() and "pulumi-home" not in path.parts
        }


@pytest.fixture
def desk(bench: Bench, tmp_path: Path, services: list[str]) -> Desk:
    api = bench.aws("sts").meta.endpoint_url
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AWS_"))}
    env = kept | {
        "HOME": str(tmp_path),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "WORKBENCH_STATE_DIR": str(tmp_path / "workbench-state"),
        "WORKBENCH_SSH_DIR": str(tmp_path / ".ssh"),
        "WORKBENCH_CACHE_DIR": str(cache_dir()),
        "WORKBENCH_ADDRESS_URL": services[1],
        "PULUMI_HOME": str(tmp_path / "pulumi-home"),
        "AWS_ENDPOINT_URL": api,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    env.pop("WORKBENCH_STACK", None)
    for folder in ("bench", "state", "pulumi-home"):
        (tmp_path / folder).mkdir()
    # The rehearsal's plugin, and nothing else of its Pulumi home.
    (tmp_path / "pulumi-home" / "plugins").symlink_to(bench.folder / "pulumi-home" / "plugins")
    made = Desk(tmp_path, env)
    key = bench.folder / "ssh" / "id_ed25519"
    (made.folder / "id.pub").write_bytes(key.with_suffix(".pub").read_bytes())
    (made.folder / "id").write_bytes(key.read_bytes())
    return made


@pytest.fixture
def crowded(bench: Bench) -> Iterator[None]:
    """Have as many VPCs in the account as its quota allows."""
    ec2 = bench.aws("ec2")
    missing = 5 - len(ec2.describe_vpcs()["Vpcs"])
    made = [ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"] for _ in range(missing)]
    yield
    for vpc in made:
        ec2.delete_vpc(VpcId=vpc)


@pytest.fixture
def zone(bench: Bench) -> Iterator[str]:
    route53 = bench.aws("route53")
    made = route53.create_hosted_zone(Name=ZONE, CallerReference="init")["HostedZone"]["Id"]
    yield made.rpartition("/")[2]
    route53.delete_hosted_zone(Id=made)


@pytest.fixture
def taken(bench: Bench, zone: str) -> Iterator[None]:
    """Have the domain lead somewhere already."""
    record = {"Name": DOMAIN, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}

    def change(action: str) -> None:
        changes = [{"Action": action, "ResourceRecordSet": record}]
        route53 = bench.aws("route53")
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    change("CREATE")
    yield
    change("DELETE")


def test_the_rights_are_printed_as_a_policy(desk: Desk) -> None:
    assert json.loads(desk.run("init", "--rights").stdout) == read_policy()


def test_someone_without_the_rights_is_told_before_anything_is_made(
    bench: Bench, desk: Desk
) -> None:
    iam, statement = bench.aws("iam"), {"Effect": "Allow", "Resource": "*"}
    iam.create_user(UserName="power")
    key = iam.create_access_key(UserName="power")["AccessKey"]
    desk.env["AWS_ACCESS_KEY_ID"] = key["AccessKeyId"]
    desk.env["AWS_SECRET_ACCESS_KEY"] = key["SecretAccessKey"]
    told = [word for option in TOLD.items() for word in option]

    def may(**rights: object) -> str:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement | rights]})
        iam.put_user_policy(UserName="power", PolicyName="rights", PolicyDocument=document)
        return desk.run("init", *told, "--here", "--dry-run").stdout

    try:
        # All but IAM, and then all but the question itself.
        missing = may(NotAction=["iam:C*", "iam:P*"])
        assert "WARNING: You lack permissions that workbench up needs: iam:" in missing
        assert "workbench init --rights" in missing
        assert "iam:SimulatePrincipalPolicy on yourself" in may(NotAction=["iam:S*"])
        assert "rights" not in may(Action="*")
    finally:
        iam.delete_user_policy(UserName="power", PolicyName="rights")
        iam.delete_access_key(UserName="power", AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName="power")


def test_options_alone_make_a_stack_that_up_can_bring_up(
    bench: Bench, desk: Desk, zone: str
) -> None:
    backend = (desk.home / "state").as_uri()
    generated = yaml.safe_load((ROOT / f"Pulumi.{bench.stack}.yaml").read_text())["config"]
    # Where the plugin finds the API, and the one machine image that a rehearsal on Debian has.
    given = {k: v for k, v in generated.items() if k.startswith("aws:")}
    given["workbench:os"] = "debian-12"
    (desk.folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": given}))
    options = (
        *("--stack", "prod", "--region", "us-east-1", "--domain", DOMAIN, "--users", "ada,grace"),
        *("--administrators", "ada", "--make-key", "--here"),
    )
    begun = desk.files()
    planned = desk.run("init", *options, "--backend", backend, "--dry-run").stdout
    assert "Nothing was written" in planned
    assert desk.files() == begun

    done = desk.run("init", *options, "--backend", backend, "--yes").stdout
    for told in (f"hosted zone {ZONE} ({zone})", "ada (administrator), grace", "$38.02"):
        assert told in " ".join(done.split())
    assert f"Written: {desk.folder / 'Pulumi.prod.yaml'}" in done
    assert "workbench up --stack prod" in done
    key = (desk.home / ".ssh" / "id_ed25519.pub").read_text().strip()
    assert desk.config == given | {
        "aws:region": "us-east-1",
        "workbench:publicKey": key,
        "workbench:instanceType": "t3.medium",
        "workbench:domain": DOMAIN,
        "workbench:zoneId": zone,
        "workbench:sshFrom": ["198.51.100.9/32"],
        "workbench:users": [{"name": "ada", "administrator": True}, {"name": "grace"}],
        "workbench:backupSchedule": "cron(0 5 ? * * *)",
    }

    # Its preview: without a terminal `up` ends before anything is made.
    refused = desk.run("up", "--stack", "prod", exit_code=1).stderr
    assert "Pulumi would create" in refused
    assert "workbench up --stack prod --yes" in refused

    before = desk.files()
    again = desk.run("init", "--stack", "prod", "--yes").stdout
    assert "There was nothing to change." in again
    assert desk.files() == before


@pytest.mark.usefixtures("crowded", "taken")
def test_what_would_stop_it_later_is_said_before_anything_is_written(desk: Desk) -> None:
    words = [word for option in (TOLD | {"--domain": DOMAIN}).items() for word in option]
    told = desk.run("init", *words, "--here", "--dry-run").stdout
    assert "uses 5 of 5 VPCs, and this needs 1 more" in told
    assert "--service-code vpc --quota-code L-F678F1CE --desired-value 6" in told
    assert f"has a record {DOMAIN} (A) already" in told
    assert "No private key in" in told


def test_answers_at_a_terminal_are_checked_one_by_one(desk: Desk, zone: str) -> None:
    talk = Terminal([WORKBENCH, "init", "--here"], desk.env, desk.folder)
    for question, answer in (
        ("Name of the stack", "rehearsal"),
        ("needs no init", "prod"),
        ("Region", "eu-wst-1"),
        ("For example: eu-west-1", "us-east-1"),
        ("Instance type", "t9.huge"),
        ("AWS has no instance type 't9.huge'", "t3.large"),
        ("Domain name", "https://example.com/"),
        ("must be only the name", DOMAIN),
        (f"Your account has the hosted zone {ZONE}", ""),
        ("Users", "root"),
        ("a system account", "ada, grace"),
        ("Which of them are administrators", "bob"),
        ("isn't one of the users", "grace"),
        ("may use SSH, or none (198.51.100.9/32)", ""),
        ("Public key, a file", "id"),
        ("is a private key", "id.pub"),
        ("Where Pulumi keeps its state", (desk.home / "state").as_uri()),
        ("Continue?", "y"),
    ):
        talk.answer(question, f"{answer}\n")
    assert talk.end() == 0, talk.shown
    assert "\nNext:" in talk.shown.replace("\r", "")
    assert "PRIVATE KEY" not in talk.shown
    assert desk.config["workbench:zoneId"] == zone
    users = [{"name": "ada"}, {"name": "grace", "administrator": True}]
    assert desk.config["workbench:users"] == users

    # Run again: what is there is the default, and only what is answered otherwise changes.
    before = desk.config
    talk = Terminal([WORKBENCH, "init", "--stack", "prod"], desk.env, desk.folder)
    for question, answer in (
        ("Region", ""),
        ("Instance type (t3.large)", "t3.xlarge"),
        (f"Domain name, or none ({DOMAIN})", ""),
        ("Hosted zone", ""),
        ("Users, separated by commas (ada, grace)", ""),
        ("(grace)", ""),
        ("(198.51.100.9/32)", ""),
        ("(the present one)", ""),
        ("Continue?", "y"),
    ):
        talk.answer(question, f"{answer}\n")
    assert talk.end() == 0, talk.shown
    assert "Changes: workbench:instanceType\r\n" in talk.shown
    assert desk.config == before | {"workbench:instanceType": "t3.xlarge"}


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_in_the_middle_writes_nothing(desk: Desk, key: str) -> None:
    begun = desk.files()
    talk = Terminal([WORKBENCH, "init", "--here", "--stack", "prod"], desk.env, desk.folder)
    talk.answer("Region", "us-east-1\n")
    talk.answer("Instance type", key)
    assert talk.end(key) in (1, 130), talk.shown
    assert "nothing was written" in talk.shown
    assert desk.files() == begun


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"--stack": "rehearsal-x"}, "a workbench on this computer, which needs no init"),
        ({"--region": "us-nowhere-1"}, "AWS has no region 'us-nowhere-1'"),
        ({"--instance-type": "m9x.large"}, "no instance type 'm9x.large' to offer in us-east-1"),
        ({"--domain": "lab"}, "The domain is 'lab', which isn't a domain name"),
        ({"--domain": "example.net"}, "no terminal to ask you on, and --zone isn't given"),
        (
            {"--domain": "example.net", "--zone": "Z0"},
            "'Z0' isn't a hosted zone in this account for example.net",
        ),
        ({"--zone": "create"}, "--zone needs a domain"),
        ({"--users": "root"}, "a system account"),
        ({"--administrators": "bob"}, "'bob' isn't one of the users: ada, grace"),
        ({"--ssh-from": "203.0.113.7/24"}, "inside the range, not its start"),
        ({"--public-key": "other.pub"}, "There is no key other.pub"),
        ({"--public-key": "id"}, "is a private key, which never leaves its owner"),
        ({"--profile": "nobody"}, "The config profile (nobody) could not be found"),
        ({"--backend": "nowhere"}, "'nowhere' isn't a place where Pulumi can keep its state"),
    ],
)
def test_a_wrong_option_ends_before_anything_is_written(
    desk: Desk, wrong: dict[str, str], sentence: str
) -> None:
    options = [word for option in (TOLD | wrong).items() for word in option]
    begun = desk.files()

    done = desk.run("init", *options, "--here", "--yes", exit_code=None)

    assert sentence in " ".join(done.stderr.split())
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    assert desk.files() == begun


def test_without_a_terminal_all_that_is_missing_is_named(desk: Desk) -> None:
    told = desk.run("init", "--stack", "prod", exit_code=2).stderr
    assert "--region, --domain and --users are missing" in told
    assert "--stack is missing" in desk.run("init", exit_code=2).stderr


@pytest.mark.parametrize("known", [True, False])
def test_credentials_are_checked_first(desk: Desk, services: list[str], *, known: bool) -> None:
    if known:
        desk.env["AWS_ENDPOINT_URL"] = services[0]
        sentence = "AWS refused the credentials (InvalidClientTokenId)"
    else:
        del desk.env["AWS_ACCESS_KEY_ID"]
        desk.env["AWS_EC2_METADATA_DISABLED"] = "true"
        sentence = "AWS credentials are missing"
    begun = desk.files()

    options = [word for option in TOLD.items() for word in option]
    done = desk.run("init", *options, "--here", "--yes", exit_code=1)

    assert sentence in done.stderr
    assert desk.files() == begun
