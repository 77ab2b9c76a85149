"""A reset removes the rehearsal, and of a project only what was generated for it."""

from pathlib import Path

import pytest
from invoke.context import Context

from workbench.errors import WorkbenchError
from workbench.rehearsal import control
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import write_description
from workbench.tasks.rehearsal import tasks as rehearsal

API = "http://127.0.0.1:4566"
CONFIGURATION = "config:\n  aws:endpoints:\n    - ec2: {url}\n      s3: {url}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project's folder, to be in while a rehearsal at API is known."""
    write_description(
        Description("default", 1, 1, "", API, "us-east-1", "", "br0", "", "", "", "", "")
    )
    (tmp_path / "Pulumi.yaml").write_text("name: tests\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(control, "reset", lambda name: None)
    return tmp_path


@pytest.mark.parametrize(
    ("url", "stays"), [(API, False), (f"{API}1", True), ("http://127.0.0.1:9", True)]
)
def test_only_the_configuration_of_its_own_goes(project: Path, url: str, stays: bool) -> None:
    generated = project / "Pulumi.rehearsal.yaml"
    generated.write_text(CONFIGURATION.format(url=url))

    rehearsal.reset(Context(), yes=True)

    assert generated.exists() is stays


def test_outside_of_a_project_all_is_removed_without_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere() -> Path:
        raise WorkbenchError("There is no Pulumi project here.")

    monkeypatch.setattr(rehearsal, "find_project", nowhere)

    rehearsal.reset(Context(), yes=True)

    assert "Nothing is left of the rehearsal 'default'." in capsys.readouterr().out
