"""The reader's folder: a Pulumi project of their own, with the lab's program and environment."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.checks.labs.names import KEY_FILE
from workbench.configured import PUBLIC_KEY
from workbench.configured import SSH_FROM
from workbench.configured import Configured
from workbench.errors import WorkbenchError
from workbench.host.software import Package
from workbench.host.software import rstudio
from workbench.labs.lab_file import Lab
from workbench.progress import Progress
from workbench.rehearsal.description import FILE
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import PROJECT_FILE
from workbench.tasks.labs.bench import PROJECT
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.scripts import ENVIRONMENT
from workbench.writing import put_file

PROGRAM = "__main__.py"
SSH_CONFIG = "ssh.config"
PROJECT_TEXT = f"""\
name: {PROJECT}
description: The labs' server
runtime:
  name: python
"""
# The image of each operating system, and whom it lets in.
IMAGES = {
    "ubuntu-24.04": (
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
        "ubuntu",
    ),
    "debian-12": ("/aws/service/debian/release/12/latest/amd64", "admin"),
}

PORT = (
    "import json, sys; addresses = json.load(open(sys.argv[1]))['addresses'];"
    " print(addresses.get(sys.argv[2], {}).get('22', 22))"
)
FUNCTIONS = r"""
# What solutions use: instance, security group and address of the lab, and a command on the server,
# which is known by the keys that its console shows.
lab_server() {
  aws ec2 describe-instances --filters Name=tag:Name,Values=do4ds-lab \
    Name=instance-state-name,Values=pending,running,stopping,stopped --output text \
    --query 'Reservations[0].Instances[0].[InstanceId,PublicIpAddress,SecurityGroups[0].GroupId]'
}
lab_instance() { lab_server | cut -f 1; }
lab_address() { lab_server | cut -f 2; }
lab_group() { lab_server | cut -f 3; }
# How known_hosts names the server.
lab_host() {
  local address port
  address=$(lab_address)
  port=$(lab_port "$address")
  if [ "$port" = 22 ]; then echo "$address"; else echo "[$address]:$port"; fi
}
lab_keys() {
  aws ec2 get-console-output --instance-id "${2:-$(lab_instance)}" --latest --output text \
    --query Output |
    sed -n "/BEGIN SSH HOST KEY KEYS/,/END SSH HOST KEY KEYS/s/^\(ssh-\|ecdsa-\)/$1 \1/p"
}
onserver() {
  local instance address group
  read -r instance address group < <(lab_server)
  until [ -s "$instance.hosts" ]; do
    lab_keys "$instance" "$instance" > "$instance.hosts"
    [ -s "$instance.hosts" ] || sleep 2
  done
  local way=(ssh -i do4ds-lab-key.pem -o IdentitiesOnly=yes -o HostKeyAlias="$instance"
    -o UserKnownHostsFile="$instance.hosts" -p "$(lab_port "$address")" "$LAB_USER@$address")
  # It may still be booting.
  for _ in {1..30}; do "${way[@]}" true </dev/null 2>/dev/null && break; sleep 1; done
  "${way[@]}" "$@"
}
"""


def prepare(bench: LabBench, lab: Lab, progress: Progress) -> None:
    """Have the folder ready for a lab: project, program, configuration, environment."""
    folder = bench.folder
    _refuse_other_project(folder)
    folder.mkdir(parents=True, exist_ok=True)
    put_file(folder / PROJECT_FILE, PROJECT_TEXT)
    _put_program(bench, lab)
    put_file(folder / ENVIRONMENT, _environment(bench, _configure(bench, progress)))


def clear(bench: LabBench) -> None:
    """Take away the files that belong to a server that is gone."""
    for name in (KEY_FILE, f"{KEY_FILE}.pub", SSH_CONFIG, "server.keys"):
        (bench.folder / name).unlink(missing_ok=True)
    for hosts in bench.folder.glob("i-*.hosts"):
        hosts.unlink()


def _refuse_other_project(folder: Path) -> None:
    path = folder / PROJECT_FILE
    if path.is_file() and PROJECT not in path.read_text(encoding="utf-8").split():
        raise WorkbenchError(
            f"{folder} has a Pulumi project of another name, which labs don't touch.",
            "workbench labs.start 1 --folder ~/another-folder",
        )


def _put_program(bench: LabBench, lab: Lab) -> None:
    """Put the lab's program into the folder; one that the reader changed is kept aside."""
    path = bench.folder / PROGRAM
    ours = [(each.folder / PROGRAM).read_bytes() for each in bench.labs]
    if path.is_file() and path.read_bytes() not in ours:
        aside = path.with_name(f"{PROGRAM}.yours")
        shutil.move(path, aside)
        print(f"Your own {path} is {aside.name} now.")
    put_file(path, (lab.folder / PROGRAM).read_bytes())


@dataclass(frozen=True)
class _Chosen:
    """What commands take from the stack's configuration; ``address`` is where SSH comes from."""

    system: str
    address: str
    rstudio: Package


def _configure(bench: LabBench, progress: Progress) -> _Chosen:
    """Configure the program's stack; return what is chosen there."""
    from workbench.engine.stacks import Default
    from workbench.engine.stacks import open_stack

    described = bench.rehearsal
    if rehearsal_of(bench.stack) is not None and described is not None:
        from workbench.tasks.rehearsal.configuration import configure_project

        configure_project(described, bench.folder, progress)
    stack = open_stack(bench.stack, bench.folder, progress, create=True)
    if described is None:
        from workbench.remote.own_address import find_own_address

        address = f"{find_own_address()}/32"
        stack.set_config(
            {
                "aws:region": Default(bench.region),
                SSH_FROM: [address],
                "workbench:os": Default("ubuntu-24.04"),
            }
        )
        return _Chosen("ubuntu-24.04", address, rstudio("amd64"))
    # The key is the reader's own, which the walkthrough puts in.
    stack.set_config({PUBLIC_KEY: None})
    config = Configured(stack.get_config())
    url, sha256 = config.rstudio_url, config.rstudio_sha256
    package = Package(url, sha256) if url else rstudio("amd64")
    return _Chosen(config.os, "127.0.0.0/8", package)


def _environment(bench: LabBench, chosen: _Chosen) -> str:
    image, user = IMAGES[chosen.system]
    program = shlex.quote(str(Path(sys.executable).parent))
    return f"""\
# What the labs' commands need, in every new shell:   source {ENVIRONMENT}
# Written by `workbench labs.start`.
command -v workbench >/dev/null || export PATH="$PATH:"{program}
eval "$(cd {shlex.quote(str(bench.folder))} && workbench env --stack {bench.stack})"
command -v aws >/dev/null || export PATH="$PATH:"{program}
# No pages: every command prints its answer and ends.
export AWS_PAGER=
# The name under which AWS keeps the number of the newest image of the operating system.
export LAB_IMAGE={image}
# Whom that image lets in.
export LAB_USER={user}
# Where you are: from here, and from nowhere else, SSH is let in.
export LAB_ADDRESS={chosen.address}
# RStudio Server's package, and what is computed from its bytes.
export LAB_RSTUDIO={shlex.quote(chosen.rstudio.url)}
export LAB_RSTUDIO_SHA256={chosen.rstudio.sha256}
{FUNCTIONS}{_port_function(bench)}"""


def _port_function(bench: LabBench) -> str:
    """Return what finds the port of SSH: not 22 where this computer has that itself."""
    if bench.rehearsal is None:
        return "lab_port() { echo 22; }\n"
    words = [sys.executable, "-c", PORT, str(rehearsal_dir(bench.rehearsal.name) / FILE)]
    return f'lab_port() {{ {shlex.join(words)} "$1"; }}\n'
