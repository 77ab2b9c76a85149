"""A workbench of the tests' own, driven as a person would: by commands."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError
from clients import Hub
from clients import Site
from cryptography import x509
from left_behind import make_state_folder
from warm_image import warm_image

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.machines.image import VARIABLE
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.rights.policy import read_policy

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Bench:
    """One rehearsal with its own name and its own state folder, and the stack on it."""

    name: str
    state_dir: Path = field(default_factory=lambda: make_state_folder("e2e"))
    browsers: list[Hub] = field(default_factory=list)
    # The plain machine image, where this is empty.
    image: str = ""
    # The folder that commands are typed in.
    project: Path = ROOT
    clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        return f"rehearsal-{self.name}"

    @property
    def folder(self) -> Path:
        return self.state_dir / "rehearsals" / self.name

    @property
    def configuration(self) -> Path:
        return self.project / f"Pulumi.{self.stack}.yaml"

    @property
    def env(self) -> dict[str, str]:
        ours = {
            "WORKBENCH_STATE_DIR": str(self.state_dir),
            "WORKBENCH_STACK": self.stack,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "COLUMNS": "80",
            VARIABLE: self.image,
        }
        # A person's own Pulumi or AWS settings must not reach the tests.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AWS_PROFILE"))}
        return kept | ours

    def run(
        self, *args: str, exit_code: int | None = 0, stdin: str = "", limit: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run ``workbench`` with these words; fail unless it ends with ``exit_code``."""
        return self._run([str(BIN / "workbench"), *args], exit_code, stdin, limit)

    def shell(
        self, script: str, *, exit_code: int | None = 0, limit: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell script in which Pulumi's own commands work (`workbench env`)."""
        whole = f'set -euo pipefail\neval "$(workbench env)"\n{script}'
        return self._run(["bash", "-c", whole], exit_code, "", limit)

    def _run(
        self, argv: list[str], exit_code: int | None, stdin: str, limit: float
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            argv,
            cwd=self.project,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        if exit_code is not None and done.returncode != exit_code:
            raise AssertionError(
                f"{shlex.join(argv)} ended with {done.returncode}, not {exit_code}\n"
                f"--- stdout\n{done.stdout[-6000:]}\n--- stderr\n{done.stderr[-6000:]}"
            )
        assert "Traceback (most recent call last)" not in done.stdout + done.stderr
        return done

    def remove(self) -> None:
        """Remove all that is left of it, in whatever state a test left it."""
        self.run("rehearsal.reset", "--yes", exit_code=None)
        for client in self.clients.values():
            client.close()
        self.configuration.unlink(missing_ok=True)
        shutil.rmtree(self.state_dir, ignore_errors=True)

    def status(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return state

    def outputs(self) -> dict[str, Any]:
        return dict(self.state().outputs)

    def state(self) -> StackState:
        """Read where the workbench is, as the tasks do, in this process: it is asked so often."""
        before = os.environ.get("WORKBENCH_STATE_DIR")
        os.environ["WORKBENCH_STATE_DIR"] = str(self.state_dir)
        try:
            return read_stack(self.stack, Progress(quiet=True))
        finally:
            os.environ.pop("WORKBENCH_STATE_DIR")
            if before is not None:
                os.environ["WORKBENCH_STATE_DIR"] = before

    def is_running(self) -> bool:
        """Whether there is a server, and it runs."""
        try:
            instance = self.outputs()["instance_id"]
            found = self.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
        except (WorkbenchError, KeyError, OSError, BotoCoreError, ClientError):
            return False
        return bool(found and found[0]["Instances"][0]["State"]["Name"] == "running")

    def site(self) -> Site:
        state = self.state()
        assert state.address
        return Site(
            url=str(state.url("url")),
            ip=state.address.ip,
            ports={str(port): state.address.port(port) for port in (22, 80, 443)},
            ca_certificate=str(state.ca_certificate),
        )

    def certificate_serial(self) -> int:
        """Return the number of the certificate that the server shows: another one, a new number."""
        site = self.site()
        with (
            socket.create_connection((site.ip, site.ports["443"]), timeout=30) as raw,
            site.tls().wrap_socket(raw, server_hostname=site.name) as tls,
        ):
            der = tls.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number

    def password(self, user: str = "test-user") -> str:
        return (self.folder / f"password-{user}").read_text().strip()

    def hub(self, user: str = "test-user") -> Hub:
        """Return a person's browser; the `bench` fixture closes it."""
        self.browsers.append(Hub(self.site(), user))
        return self.browsers[-1]

    def aws(self, service: str) -> Any:
        """Return a boto3 client of the rehearsal's API, as someone behind Pulumi's back."""
        described = json.loads((self.folder / "rehearsal.json").read_text())
        where = (service, described["api_url"], described["region"])
        # Making one takes longer than most calls, and what is waited for is asked often.
        if where not in self.clients:
            self.clients[where] = boto3.client(
                service,
                endpoint_url=described["api_url"],
                region_name=described["region"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self.clients[where]

    def limit_rights(self) -> None:
        """Give the rehearsal's own keys the rights that docs/rights.md lists, and no others."""
        iam, user = self.aws("iam"), "rehearsal"
        iam.create_user(UserName=user)
        document = json.dumps(read_policy())
        iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=document)
        # … and those to practise failures with, as docs/rehearsal.md says.
        practise = {
            "Effect": "Allow",
            "Action": "ssm:*Parameter",
            "Resource": "arn:aws:ssm:*:*:parameter/rehearsal/*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [practise]})
        iam.put_user_policy(UserName=user, PolicyName="practise", PolicyDocument=document)
        iam.create_access_key(UserName=user)

    def server(self, command: str, *, exit_code: int | None = 0) -> str:
        """Run a command on the server as the administrator, by OpenSSH, host key verified."""
        site, known = self.site(), self.folder / "known_hosts.e2e"
        keys = "".join(self._host_keys(site))
        # Never rewritten: another command of the test's may be reading it.
        if not known.exists() or known.read_text() != keys:
            known.write_text(keys)
        done = self._run(
            [
                "ssh",
                *("-i", str(self.folder / "ssh" / "id_ed25519")),
                *("-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"),
                *("-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-F", "none"),
                *("-p", str(site.ports["22"]), f"{self.outputs()['administrator']}@{site.ip}"),
                command,
            ],
            exit_code,
            "",
            300,
        )
        return done.stdout

    def _host_keys(self, site: Site) -> list[str]:
        """Read the host keys where EC2's users do: in the console output."""
        instance = self.outputs()["instance_id"]
        console = self.aws("ec2").get_console_output(InstanceId=instance, Latest=True)["Output"]
        block = console.rsplit("-----BEGIN SSH HOST KEY KEYS-----", 1)[1]
        keys = [line.split()[:2] for line in block.split("-----END")[0].splitlines()]
        host = f"[{site.ip}]:{site.ports['22']}" if site.ports["22"] != 22 else site.ip
        return [f"{host} {kind} {key}\n" for kind, key in (k for k in keys if len(k) == 2)]


@contextmanager
def made(
    name: str,
    # The base takes minutes of a processor that other tests need.
    configuration: str = "config:\n  workbench:basePackages: []\n",
) -> Iterator[Bench]:
    """Make a workbench; everything of it goes at the end, or when it can't be made."""
    bench = Bench(name=name, image=warm_image())
    bench.configuration.write_text(configuration)
    try:
        bench.run("rehearsal.start", limit=600)
        bench.limit_rights()
        bench.run("up", limit=1800)
        yield bench
    finally:
        bench.remove()


def reachable(ip: str, port: int) -> bool:
    try:
        with socket.create_connection((ip, port), timeout=5):
            return True
    except OSError:
        return False


def eventually(true: Callable[[], bool], limit: float = 30) -> bool:
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
