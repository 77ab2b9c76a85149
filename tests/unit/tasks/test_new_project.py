"""A project of your own is the repository's."""

from pathlib import Path

import pytest
import yaml

from workbench.errors import WorkbenchError
from workbench.tasks.init.new_project import PROGRAM_FILE
from workbench.tasks.init.new_project import make_project

ROOT = Path(__file__).parents[3]


def test_the_program_is_the_repositorys(tmp_path: Path) -> None:
    make_project(tmp_path)

    program = ROOT / "stacks" / "lab" / PROGRAM_FILE
    assert (tmp_path / PROGRAM_FILE).read_text() == program.read_text()
    theirs = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert theirs.pop("main") == "stacks/lab"
    assert yaml.safe_load((tmp_path / "Pulumi.yaml").read_text()) == theirs


def test_another_program_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PROGRAM_FILE).write_text("print('mine')\n")

    with pytest.raises(WorkbenchError, match="of something else"):
        make_project(tmp_path)

    assert (tmp_path / PROGRAM_FILE).read_text() == "print('mine')\n"
    assert not (tmp_path / "Pulumi.yaml").exists()
