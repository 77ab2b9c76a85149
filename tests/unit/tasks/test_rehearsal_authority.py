"""A rehearsal certifies addresses where its workbench has no domain, or it is said why not."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from workbench.errors import WaitTimeoutError
from workbench.go_build import BuildUnavailable
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.description import write_description
from workbench.tasks.rehearsal import authority as rehearsal_authority

DESCRIPTION = Description(
    "trial", 1, 1, "", "", "us-east-1", "", "", "https://acme/dir", "", "", "", ""
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(rehearsal_authority, "INTERVAL", 0)
    rehearsal_dir("trial").mkdir(parents=True)


def certify(described: Description) -> str:
    said = io.StringIO()
    progress = Progress(console=Console(file=said, width=300))
    rehearsal_authority.certify_addresses(described, progress)
    return said.getvalue()


def test_nothing_is_built_where_it_certifies_addresses_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsal_authority, "ensure_profiled", lambda progress: 1 / 0)
    assert certify(replace(DESCRIPTION, acme_profiles=True)) == ""


def test_it_is_awaited_that_the_rehearsal_takes_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(progress: Progress) -> None:
        write_description(replace(DESCRIPTION, acme_profiles=True))

    monkeypatch.setattr(rehearsal_authority, "ensure_profiled", build)
    assert certify(DESCRIPTION) == ""


def test_a_rehearsal_that_never_does_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_authority, "ensure_profiled", lambda progress: None)
    monkeypatch.setattr(rehearsal_authority, "LIMIT", 0.05)
    with pytest.raises(WaitTimeoutError, match="'trial' did not take up"):
        certify(DESCRIPTION)


def test_without_go_the_workbench_comes_up_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(progress: Progress) -> None:
        raise BuildUnavailable("it can't be built here, as Go isn't installed")

    monkeypatch.setattr(rehearsal_authority, "ensure_profiled", build)
    assert "browsers will warn" in (said := certify(DESCRIPTION))
    assert "Go isn't installed" in said
