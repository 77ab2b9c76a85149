"""Another project's fabfile takes the tasks, all or single collections, for a stack of its own."""

import json
from pathlib import Path

import pytest
from bench import Bench

PROJECT = "name: research\nruntime: python\n"
FABFILE = '''"""What a team types."""

from fabric import task
from invoke.collection import Collection
from workbench.tasks import namespace as everything
from workbench.tasks.rehearsal import tasks as rehearsal
from workbench.tasks.status.tasks import status


@task
def greet(context):
    """Say hello."""
    print("hello")


namespace = Collection(greet, status, bench=everything, cloud=rehearsal.collection)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "fabfile.py").write_text(FABFILE)
    return tmp_path


def test_a_teams_own_fabfile_has_the_tasks_beside_its_own(bench: Bench, project: Path) -> None:
    listed = bench.shell(f"cd {project}\nfab --list").stdout
    for name in ("greet", "status", "bench.status", "bench.rehearsal.status", "cloud.status"):
        assert f" {name} " in f"{listed} "
    alone = json.loads(bench.shell(f"cd {project}\nfab status --json").stdout)
    nested = json.loads(bench.shell(f"cd {project}\nfab bench.status --json").stdout)
    assert alone == nested
    assert alone["instance_id"] == bench.outputs()["instance_id"]
