"""A release: what is in it, and a workbench from it alone, by a program in YAML."""

import json
import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import BIN
from bench import ROOT
from bench import Bench
from warm_image import warm_image

import workbench

DOCUMENT = ROOT / "docs" / "languages.md"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the release, as CONTRIBUTING.md says; `make dist` checks its metadata."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        ["make", "dist", f"DIST={folder}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
    return folder


def tracked(*folders: str) -> set[str]:
    """Return the repository's files in these folders."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def test_a_release_has_all_of_the_package_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob(f"diy_workbench-{workbench.__version__}-*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    labs = {f"workbench/labs/walkthroughs/{n.removeprefix('labs/')}" for n in tracked("labs")}
    assert names == tracked("workbench") | labs

    (sdist,) = dist.glob(f"diy_workbench-{workbench.__version__}.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    made = {"PKG-INFO"}
    assert names - made == {name for name in tracked() if not name.startswith(".ci/")}


class Folder:
    """A person's project in an environment that has the wheel, and nothing of the checkout."""

    def __init__(self, folder: Path, wheel: Path, bench: Bench) -> None:
        self.folder, self.bench = folder / "project", bench
        self.folder.mkdir()
        self.venv = folder / "venv"
        lock = folder / "constraints.txt"
        text = (ROOT / "requirements.lock").read_text()
        lock.write_text("\n".join(re.findall(r"^[a-z][^\\\n]*", text, re.M)))
        uv = str(BIN / "uv")
        python = str(self.venv / "bin" / "python")
        subprocess.run([uv, "venv", "-q", "--python", str(BIN / "python"), self.venv], check=True)
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", python, "-c", lock, f"{wheel}[rehearsal]"],
            check=True,
            env=os.environ | {"UV_SYSTEM_CERTS": "1"},
        )

    @property
    def env(self) -> dict[str, str]:
        path = [p for p in self.bench.env["PATH"].split(":") if Path(p) != BIN]
        ours = {"PATH": ":".join([str(self.venv / "bin"), *path])}
        hidden = ("VIRTUAL_ENV", "PYTHONPATH")
        return {k: v for k, v in self.bench.env.items() if k not in hidden} | ours

    def shell(self, script: str, exit_code: int = 0, limit: float = 1800) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        said = done.stdout + done.stderr
        assert done.returncode == exit_code, f"{script}\n{said[-6000:]}"
        assert "Traceback (most recent call last)" not in said
        return said


@pytest.fixture
def project(dist: Path, tmp_path: Path) -> Iterator[Folder]:
    (wheel,) = dist.glob("*.whl")
    bench = Bench(f"yaml{os.getpid()}", image=warm_image())
    try:
        yield Folder(tmp_path, wheel, bench)
    finally:
        bench.remove()


def document(language: str) -> list[str]:
    """Return the document's blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.S)


@pytest.mark.timeout(3600)
def test_a_program_in_yaml_brings_up_a_workbench_from_the_wheel_alone(project: Folder) -> None:
    name = project.bench.name
    first, last = (block.splitlines() for block in document("console"))
    (program,) = document("yaml")
    for line in first:
        line = line.replace("--name yaml", f"--name {name}").replace(
            "rehearsal-yaml", f"rehearsal-{name}"
        )
        project.shell(f"{environment(line)}{line}")
    text = project.folder / "Pulumi.yaml"
    assert str(project.venv) in text.read_text(), "the package is the wheel's"
    # The base takes minutes of a processor that other tests need.
    whole = text.read_text() + program.replace(
        "      instanceType:", "      basePackages: []\n      instanceType:"
    )
    pulumi = 'eval "$(workbench env)"; pulumi'

    # What is wrong is one sentence: by the schema, and by the component.
    text.write_text(whole.replace("instanceType:", "instanceTyp:"))
    said = project.shell(f"{pulumi} preview --non-interactive", exit_code=1)
    assert "instanceTyp does not exist on 'workbench:index:Workbench'" in said
    text.write_text(whole.replace("t3.medium", "t3medium"))
    said = project.shell(f"{pulumi} preview --non-interactive", exit_code=1)
    assert "instanceType is 't3medium', which isn't an instance type." in said

    text.write_text(whole)
    assert last == ["pulumi up", "workbench up"]
    project.shell(f"{pulumi} up --yes --skip-preview --non-interactive")
    assert "The workbench is ready" in project.shell("workbench up")
    project.shell(f"{pulumi} preview --non-interactive --expect-no-changes")
    state = json.loads(project.shell("workbench status --json"))
    assert state["state"] == "running"
    # The provider of the program's own made the workbench, too.
    tags = project.bench.aws("ec2").describe_tags(
        Filters=[{"Name": "resource-id", "Values": [state["instance_id"]]}]
    )["Tags"]
    assert {"team": "research"}.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items()
    assert len(project.bench.aws("s3").list_buckets()["Buckets"]) == 2
    # The labs came with the wheel.
    assert "Command line and SSH" in project.shell(
        f"WORKBENCH_STACK=rehearsal-{name}x workbench labs"
    )


def environment(line: str) -> str:
    """Return what a line of Pulumi's needs before it, in a shell of its own."""
    return 'eval "$(workbench env)"; ' if line.startswith("pulumi") else ""
