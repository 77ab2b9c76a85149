"""The recipe said again for pyinfra over SSH and for Ansible, from what it manages on a server.

Both get less to do than the recipe: no wait until services answer, no certificates, no look at the
data volume, at the environments' hashes, or at the accounts kept on the volume.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The one the recipe itself runs with.
PYINFRA = "pyinfra==3.10.0"
ANSIBLE = "ansible-core>=2.18,<2.20"

DEPLOY = """\
import json
from pathlib import Path

from pyinfra.operations import apt, files, server, systemd

managed = json.loads(Path(__file__).with_name("managed.json").read_text())
apt.packages(packages=managed["packages"], no_recommends=True, _sudo=True)
for group in managed["groups"]:
    server.group(group=group, system=True, _sudo=True)
for person in managed["people"]:
    server.user(
        user=person["name"],
        shell="/bin/bash",
        groups=person["groups"],
        append=True,
        public_keys=person["keys"],
        _sudo=True,
    )
for each in managed["files"]:
    files.put(
        src=each["source"],
        dest=each["path"],
        mode=each["mode"],
        user=each["user"],
        _sudo=True,
    )
for each in managed["folders"]:
    files.directory(path=each["path"], user=each["user"], mode=each["mode"], _sudo=True)
for unit in managed["services"]:
    systemd.service(service=unit, running=True, enabled=True, _sudo=True)
"""


@dataclass(frozen=True)
class Far:
    """The server as SSH finds it: behind a forwarder, its host key pinned by the instance's id."""

    host: str
    port: int
    user: str
    key: Path
    known_hosts: Path
    instance_id: str


def write_sources(folder: Path, managed: dict[str, Any]) -> None:
    """Write the files' contents where both sides find them, in place of the text."""
    (folder / "files").mkdir()
    for number, each in enumerate(managed["files"]):
        source = folder / "files" / str(number)
        source.write_text(each.pop("content"))
        each["source"] = str(source)


def install(folder: Path) -> None:
    """Make an environment of their own with pyinfra and Ansible, from the configured index."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv" / "bin" / "pip", "install", "--quiet", PYINFRA, ANSIBLE]
    subprocess.run(pip, check=True)


def write_pyinfra(folder: Path, managed: dict[str, Any], far: Far) -> list[str]:
    """Write a deploy; return the command that runs it."""
    # pyinfra knows no HostKeyAlias: the same keys, under the forwarder's name.
    known = folder / "known_hosts"
    lines = [line.split() for line in far.known_hosts.read_text().splitlines()]
    mine = [row[1:3] for row in lines if row and row[0] == far.instance_id]
    known.write_text("".join(f"[{far.host}]:{far.port} {' '.join(each)}\n" for each in mine))
    data = {
        "ssh_port": far.port,
        "ssh_user": far.user,
        "ssh_key": str(far.key),
        "ssh_known_hosts_file": str(known),
        "ssh_strict_host_key_checking": "yes",
    }
    (folder / "inventory.py").write_text(f"servers = [({far.host!r}, {data!r})]\n")
    (folder / "managed.json").write_text(json.dumps(managed))
    (folder / "deploy.py").write_text(DEPLOY)
    return [str(folder / "venv" / "bin" / "pyinfra"), "-y", "inventory.py", "deploy.py"]


def write_ansible(folder: Path, managed: dict[str, Any], far: Far) -> list[str]:
    """Write a playbook, with what makes Ansible fast; return the command that runs it."""
    options = (
        f"-o HostKeyAlias={far.instance_id} -o UserKnownHostsFile={far.known_hosts}"
        " -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
    )
    (folder / "hosts.json").write_text(
        json.dumps(
            {
                "all": {
                    "hosts": {
                        "workbench": {
                            "ansible_host": far.host,
                            "ansible_port": far.port,
                            "ansible_user": far.user,
                            "ansible_ssh_private_key_file": str(far.key),
                            "ansible_ssh_common_args": options,
                            "ansible_python_interpreter": "/usr/bin/python3",
                        }
                    }
                }
            }
        )
    )
    # One module for each task, no facts gathered, one connection kept, no copy of each module.
    (folder / "ansible.cfg").write_text(
        "[defaults]\ngathering = explicit\nretry_files_enabled = false\n"
        f"local_tmp = {folder}/ansible\n"
        "[ssh_connection]\npipelining = true\n"
        f"control_path_dir = {folder}/control\n"
        "ssh_args = -o ControlMaster=auto -o ControlPersist=30s\n"
    )
    # JSON is YAML.
    (folder / "playbook.json").write_text(json.dumps(_playbook(managed)))
    program = str(folder / "venv" / "bin" / "ansible-playbook")
    return [program, "--inventory", "hosts.json", "playbook.json"]


def _playbook(managed: dict[str, Any]) -> list[dict[str, Any]]:
    def each(module: str, items: str, **options: str) -> dict[str, Any]:
        return {
            f"ansible.builtin.{module}": options,
            "loop": managed[items],
            "loop_control": {"label": "{{ item.path | default(item.name | default(item)) }}"},
        }

    keys = [
        {"path": f"/home/{person['name']}/.ssh/authorized_keys", "key": key}
        for person in managed["people"]
        for key in person["keys"]
    ]
    tasks = [
        {
            "ansible.builtin.apt": {"name": managed["packages"], "install_recommends": False},
        },
        each("group", "groups", name="{{ item }}", system="true"),
        each(
            "user",
            "people",
            name="{{ item.name }}",
            shell="/bin/bash",
            groups="{{ item.groups }}",
            append="true",
        ),
        {
            "ansible.builtin.lineinfile": {"path": "{{ item.path }}", "line": "{{ item.key }}"},
            "loop": keys,
            "loop_control": {"label": "{{ item.path }}"},
        },
        each(
            "copy",
            "files",
            src="{{ item.source }}",
            dest="{{ item.path }}",
            mode="{{ item.mode }}",
            owner="{{ item.user }}",
        ),
        each(
            "file",
            "folders",
            path="{{ item.path }}",
            owner="{{ item.user }}",
            mode="{{ item.mode }}",
            state="directory",
        ),
        each("systemd_service", "services", name="{{ item }}", state="started", enabled="true"),
    ]
    return [{"hosts": "all", "become": True, "gather_facts": False, "tasks": tasks}]
