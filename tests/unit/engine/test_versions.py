"""The engine's version is the same wherever it is written."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

import workbench.engine
from workbench.engine.versions import PINNED
from workbench.engine.versions import is_usable

GO_MOD = Path(workbench.engine.__file__).parent / "go.mod"


def test_go_mod_builds_the_pinned_version():
    assert re.findall(r"pulumi/(?:pkg|sdk)/v3 v(\S+)", GO_MOD.read_text()) == [PINNED, PINNED]


def test_the_sdk_is_not_older_than_the_engine():
    assert [int(each) for each in version("pulumi").split(".")] >= [
        int(each) for each in PINNED.split(".")
    ]


@pytest.mark.parametrize(
    ("found", "usable"),
    [
        (PINNED, True),
        ("3.999.0", True),
        ("3.259.0-alpha.1+abc", True),
        ("3.258.9", False),
        ("4.0.0", False),
        ("", False),
        ("3.259", False),
        ("nonsense", False),
    ],
)
def test_the_tested_version_and_later_ones_of_its_generation_are_usable(found, usable):
    assert is_usable(found) is usable
