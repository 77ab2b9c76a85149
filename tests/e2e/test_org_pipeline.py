"""The gate of the organization's pipeline, on a machine: `workbench up` and `workbench check`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from bench import ROOT
from bench import Bench
from warm_image import warm_image

# Reserved, not written: the volume's file on this computer stays small.
FILL = (
    "free=$(df --output=avail -B1 /data | tail -n 1);"
    " fallocate -l $((free - 16777216)) /data/forgotten.bin"
)


class Repository:
    """A copy of `stacks/org` whose stack lives in a rehearsal of its own."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.bench, self.folder = bench, folder / "repository"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "stacks" / "org", self.folder, ignore=ignored)

    def shell(self, script: str, *, exit_code: int = 0, folder: str = ".") -> str:
        """Run a script in which Pulumi's own commands work; return what is printed."""
        lines = [
            f"cd {self.folder}/workbench",
            'eval "$(workbench env)"',
            f"cd {self.folder}/{folder}",
            script,
        ]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            env=self.bench.env,
            capture_output=True,
            text=True,
            timeout=1200,
        )
        said = done.stdout + done.stderr
        assert done.returncode == exit_code, f"{script}\n{said[-6000:]}"
        return said

    def passed(self) -> str:
        tag = f"pulumi stack tag get pipeline:passed --stack {self.bench.stack}"
        return self.shell(tag, folder="workbench").split()[0]


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    bench = Bench(f"org{os.getpid()}", image=warm_image())
    try:
        bench.run("rehearsal.start", limit=600)
        made = Repository(tmp_path, bench)
        made.shell(f"workbench rehearsal.config --name {bench.name}", folder="workbench")
        file = made.folder / "workbench" / f"Pulumi.{bench.stack}.yaml"
        settings = yaml.safe_load(file.read_text())
        mine = yaml.safe_load((file.parent / "Pulumi.dev.yaml").read_text())["config"]
        # The team's settings, where they aren't the rehearsal's own; the base takes minutes.
        ours = {"aws:defaultTags": mine["aws:defaultTags"], "workbench:basePackages": []}
        settings["config"] = {**mine, **settings["config"], **ours}
        file.write_text(yaml.safe_dump(settings))
        aws = {key: each for key, each in settings["config"].items() if key.startswith("aws:")}
        shared = made.folder / "network" / "Pulumi.shared.yaml"
        shared.write_text(yaml.safe_dump({"config": aws}))
        made.shell("pulumi stack init shared && pulumi up --yes --stack shared", folder="network")
        made.shell(
            "git init --quiet && git config user.name Ada && git config user.email ada@example.com"
            " && git add --all && git commit --quiet --message 'The organization'"
        )
        yield made
    finally:
        bench.remove()


@pytest.mark.timeout(2400)
def test_a_deployment_passes_where_the_checks_do_and_only_there(repository: Repository) -> None:
    stack = repository.bench.stack
    said = repository.shell(f"python pipeline deploy {stack}")
    assert f"{stack} runs " in said
    assert "(The organization), and it passed." in said
    first = repository.passed()
    assert "made." in repository.shell(f"python pipeline drift {stack}")

    # A commit that the rules and Pulumi let through; with it a check fails that converging doesn't
    # reverted.
    instance = repository.shell("pulumi stack output instance_id", folder="workbench").split()[0]
    machine = f"workbench-{repository.bench.name}-{instance}"
    subprocess.run(["docker", "exec", machine, "sh", "-c", FILL], check=True)
    repository.shell("git commit --quiet --allow-empty --message 'Much data'")
    said = repository.shell(f"python pipeline deploy {stack}", exit_code=1)
    assert "(Much data) now, which doesn't pass its checks" in said
    assert repository.passed() == first
