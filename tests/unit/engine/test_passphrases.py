"""A passphrase that is kept for a stack on AWS."""

import stat

import pytest

from workbench.engine.backend import needs_passphrase
from workbench.engine.environment import engine_variables
from workbench.engine.find import Engine
from workbench.engine.passphrases import VARIABLES
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import kept_passphrase

NAME = "PULUMI_CONFIG_PASSPHRASE_FILE"


@pytest.fixture(autouse=True)
def no_passphrase_of_a_persons_own(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def variables(pulumi, cached, tmp_path):
    """Give the function that returns an engine's environment for a stack."""
    (tmp_path / "Pulumi.yaml").touch()
    engine = Engine(pulumi("3.259.0", folder=cached), "3.259.0", "built", False)
    return lambda stack: engine_variables(engine, stack, tmp_path)


def test_the_engine_is_told_the_passphrase_that_is_kept(variables, tmp_path):
    assert NAME not in variables("prod")

    kept = ensure_passphrase(kept_passphrase("prod", tmp_path))

    assert variables("prod")[NAME] == str(kept)
    assert kept.read_text() not in " ".join(variables("prod").values())
    assert NAME not in variables("dev")


@pytest.mark.parametrize("own", VARIABLES)
def test_a_persons_own_passphrase_wins(variables, monkeypatch, own, tmp_path):
    kept = ensure_passphrase(kept_passphrase("prod", tmp_path))
    monkeypatch.setenv(own, "mine")

    assert variables("prod")[own] == "mine"
    assert str(kept) not in variables("prod").values()


def test_a_passphrase_set_for_a_rehearsal_does_not_hide_it(variables, monkeypatch, tmp_path):
    kept = ensure_passphrase(kept_passphrase("prod", tmp_path))
    for name, value in variables("rehearsal").items():
        monkeypatch.setenv(name, value)

    assert variables("prod")[NAME] == str(kept)


def test_a_passphrase_is_its_owners_alone_and_made_once(tmp_path):
    path = ensure_passphrase(kept_passphrase("org/project/prod", tmp_path))
    text = path.read_text()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(text) > 30
    assert ensure_passphrase(path).read_text() == text


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        ("https://app.pulumi.com/ada", False),
        ("file://~", True),
        ("s3://bucket?region=eu-west-1", True),
    ],
)
def test_only_pulumi_cloud_encrypts_by_itself(url, needed):
    assert needs_passphrase(url) is needed
