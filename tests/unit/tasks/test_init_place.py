"""Where a new stack goes, and what of this computer's settings it may see."""

import os
from pathlib import Path

import pytest

from workbench.engine.backend import LOCAL
from workbench.engine.environment import pulumi_home
from workbench.engine.passphrases import VARIABLES
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import kept_passphrase
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.init import place as init_place
from workbench.tasks.init.place import Place
from workbench.tasks.init.place import find_place


def quiet() -> Progress:
    return Progress(quiet=True)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_what_was_set_for_a_rehearsal_is_not_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(pulumi_home("default")))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "rehearsal")

    find_place("prod", None, quiet(), here=True)

    for name in ("PULUMI_HOME", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"):
        assert name not in os.environ


def test_without_a_project_anywhere_one_is_made_here(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> Path:
        raise WorkbenchError("There is no Pulumi project here.")

    monkeypatch.setattr(init_place, "find_project", none)
    place = find_place("prod", None, quiet(), here=False)
    assert place.folder == here
    assert not place.has_project
    assert place.file == here / "Pulumi.prod.yaml"

    (here / "__main__.py").write_text("print('mine')\n")
    with pytest.raises(WorkbenchError, match="of something else"):
        find_place("prod", None, quiet(), here=False)


def test_a_project_around_here_is_used_and_one_of_its_own_made_when_asked(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "Pulumi.yaml").touch()
    below = here / "below"
    below.mkdir()
    monkeypatch.chdir(below)

    assert find_place("prod", None, quiet(), here=False).folder == here
    assert find_place("prod", None, quiet(), here=True).folder == below


class InBackend(Place):
    """A stack that is yet to be made, where Pulumi is logged in to this backend."""

    current = "file://~"
    is_new = True


def test_a_passphrase_is_made_where_stacks_encrypt_their_own_secrets(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = InBackend("prod", here, quiet())
    assert local.new_passphrase == kept_passphrase("prod", here)
    assert InBackend("prod", here, quiet(), "https://api.pulumi.com").new_passphrase is None
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    assert local.new_passphrase is None
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    ensure_passphrase(kept_passphrase("prod", here))
    assert local.new_passphrase is None


@pytest.mark.parametrize(
    ("given", "url"), [("local", LOCAL), ("s3://bucket", "s3://bucket"), (None, None)]
)
def test_a_backend_is_a_url_or_this_computer(given: str | None, url: str | None) -> None:
    assert find_place("prod", given, quiet(), here=True).wanted == url


def test_what_is_no_backend_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="'bucket' isn't a place where Pulumi can keep"):
        find_place("prod", "bucket", quiet(), here=True)
