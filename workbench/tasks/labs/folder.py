"""The reader's folder: a Pulumi project of their own, with the lab's program and environment."""

import json
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.checks.labs.names import KEY_FILE
from workbench.checks.labs.names import PASSWORD_FILE
from workbench.components.rstudio import rstudio_package
from workbench.configured import PUBLIC_KEY
from workbench.configured import SSH_FROM
from workbench.configured import Configured
from workbench.engine.stack_config import config_file
from workbench.errors import WorkbenchError
from workbench.host.software import Package
from workbench.labs.lab_file import Lab
from workbench.progress import Progress
from workbench.rehearsal.description import FILE
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import PROJECT_FILE
from workbench.tasks.labs.bench import PROJECT
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.scripts import ENVIRONMENT
from workbench.tasks.labs.scripts import GIVEN
from workbench.writing import put_file

PROGRAM = "__main__.py"
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
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
    "import json, sys; addresses = json.load(open(sys.argv[1]))[sys.argv[2]];"
    " port = sys.argv[4] if len(sys.argv) > 4 else '22';"
    " print(addresses.get(sys.argv[3], {}).get(port, port))"
)
LOOKUP = (
    "import sys; from workbench.remote.stack_state import ask_server;"
    " print(*ask_server(sys.argv[1], sys.argv[2]), sep=chr(10))"
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
# The server's host keys, for known_hosts; its console has them some time after it began to boot.
lab_keys() {
  local instance=${2:-$(lab_instance)} keys
  for _ in {1..150}; do
    keys=$(aws ec2 get-console-output --instance-id "$instance" --latest --output text \
      --query Output |
      sed -n "/BEGIN SSH HOST KEY KEYS/,/END SSH HOST KEY KEYS/s/^\(ssh-\|ecdsa-\)/$1 \1/p")
    [ -z "$keys" ] || { echo "$keys"; return; }
    sleep 2
  done
  echo "The console of $instance doesn't show the server's keys." >&2
  return 1
}
onserver() {
  local instance= address= group way
  # Where it was the last time. By its keys it is that one still, or nobody; and AWS takes a second
  # to say where it is now.
  { read -r instance address < server.now; } 2>/dev/null || true
  if ! { [ -s "${instance:-none}.hosts" ] && lab_way && "${way[@]}" true </dev/null 2>/dev/null; }
  then
    read -r instance address group < <(lab_server)
    [ -s "$instance.hosts" ] || lab_keys "$instance" "$instance" > "$instance.hosts" || return
    lab_way
    # It may still be booting.
    for _ in {1..120}; do "${way[@]}" true </dev/null 2>/dev/null && break; sleep 1; done
    echo "$instance $address" > server.now
  fi
  "${way[@]}" "$@"
}
# For onserver: how to get to $instance at $address.
lab_way() {
  way=(ssh -i do4ds-lab-key.pem -o IdentitiesOnly=yes -o HostKeyAlias="$instance"
    -o ConnectTimeout=10 -o UserKnownHostsFile="$instance.hosts" -p "$(lab_port "$address")"
    "$LAB_USER@$address")
}
# The id of the hosted zone of the lab's domain; nothing where there is none.
lab_zone() {
  aws route53 list-hosted-zones-by-name --dns-name "$LAB_DOMAIN" --output text \
    --query "HostedZones[?Name=='$LAB_DOMAIN.'].Id | [0]" | sed -n 's|^/hostedzone/||p'
}
"""
# A name's addresses, as the world is told them; and curl, as it is for everyone in the world.
WORLD = r"""
lab_lookup() { getent ahostsv4 "$1" | cut -d ' ' -f 1 | sort -u; }
lab_curl() { curl -sS "$@"; }
# What to open in a browser, for a path.
lab_url() { echo "https://$LAB_DOMAIN/$1"; }
"""
# A rehearsal's names are known to its own DNS server only, and its authority to nobody else.
REHEARSED = r"""
export AWS_DATA_PATH={data}
lab_lookup() {{ {lookup} "$1"; }}
lab_curl() {{
  local url name address port
  for url in "$@"; do
    name=$(sed -nE 's|^https?://([^/:]*).*|\1|p' <<< "$url")
    [ -n "$name" ] || continue
    address=$name
    [[ $name =~ ^[0-9.]+$ ]] || address=$(lab_lookup "$name")
    [ -n "$address" ] || {{ echo "curl: (6) Could not resolve host: $name" >&2; return 6; }}
    set -- --connect-to "$name:80:$address:$(lab_port "$address" 80)" \
      --connect-to "$name:443:$address:$(lab_port "$address" 443)" "$@"
  done
  curl -sS --cacert {authority} "$@"
}}
lab_url() {{
  local port
  port=$({port} browser "$(lab_address)" 443)
  if [ "$port" = 443 ]; then port=; else port=:$port; fi
  echo "https://$LAB_DOMAIN$port/$1"
}}
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
    for name in (
        KEY_FILE,
        f"{KEY_FILE}.pub",
        SSH_CONFIG,
        PASSWORD_FILE,
        "server.keys",
        "server.now",
    ):
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
        return _Chosen("ubuntu-24.04", address, rstudio_package({}))
    # The key is the reader's own, which the walkthrough puts in.
    stack.set_config({PUBLIC_KEY: None})
    config = Configured(stack.get_config())
    named = {"rstudio_url": config.rstudio_url, "rstudio_sha256": config.rstudio_sha256}
    return _Chosen(config.os, "127.0.0.0/8", rstudio_package(named))


def _environment(bench: LabBench, chosen: _Chosen) -> str:
    image, user = IMAGES[chosen.system]
    program = shlex.quote(str(Path(sys.executable).parent))
    file = config_file(bench.stack, bench.folder)
    return f"""\
# What the labs' commands need, in every new shell:   source {ENVIRONMENT}
# Written by `workbench labs.start`.
command -v workbench >/dev/null || export PATH="$PATH:"{program}
[ "${{{GIVEN}:-}}" = {bench.stack} ] ||
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
# The domain, as the stack's configuration names it, and the authority that certifies it.
export LAB_DOMAIN=$(sed -n 's/^ *workbench:domain: *//p' {shlex.quote(str(file))})
export LAB_ACME={bench.rehearsal.acme_directory if bench.rehearsal else LETS_ENCRYPT}
{FUNCTIONS}{_ways_there(bench)}"""


def _ways_there(bench: LabBench) -> str:
    """Return what finds ports and names: another port where this computer has that itself."""
    if bench.rehearsal is None:
        return 'lab_port() { echo "${2:-22}"; }\n' + WORLD
    data = put_quick_waits(rehearsal_dir(bench.rehearsal.name) / "aws")
    words = [sys.executable, "-c", PORT, str(rehearsal_dir(bench.rehearsal.name) / FILE)]
    port = shlex.join(words)
    return f'lab_port() {{ {port} addresses "$@"; }}\n' + REHEARSED.format(
        port=port,
        lookup=shlex.join([sys.executable, "-c", LOOKUP, bench.rehearsal.dns]),
        authority=shlex.quote(bench.rehearsal.ca_certificate),
        data=shlex.quote(str(data)),
    )


def put_quick_waits(folder: Path) -> Path:
    """Write how ``aws ec2 wait`` waits, with a look each second, where it has one in 15.

    EC2's answer takes a minute, a rehearsal's a second. Returns a folder for ``AWS_DATA_PATH``.
    """
    from botocore.loaders import create_loader

    loader = create_loader()
    waiters = loader.load_service_model("ec2", "waiters-2")
    for waiter in waiters["waiters"].values():
        waiter["maxAttempts"], waiter["delay"] = waiter["maxAttempts"] * waiter["delay"], 1
    version = loader.determine_latest_version("ec2", "waiters-2")
    put_file(folder / "ec2" / version / "waiters-2.json", json.dumps(waiters))
    return folder
