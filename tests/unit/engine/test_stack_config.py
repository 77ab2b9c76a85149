"""A stack's configuration: what is read, and what differs."""

import json

import pytest

from workbench.engine.stack_config import LARGEST
from workbench.engine.stack_config import Default
from workbench.engine.stack_config import Secret
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import config_json
from workbench.engine.stack_config import differing
from workbench.engine.stack_config import read_config_file
from workbench.errors import ConfigError


def test_values_are_read_as_programs_get_them(tmp_path):
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  a:text: x\n  a:flag: true\n  a:number: 3\n  a:list:\n    - n: 1\n"
    )
    assert read_config_file(config_file("org/project/dev", tmp_path)) == {
        "a:text": "x",
        "a:flag": "true",
        "a:number": "3",
        "a:list": '[{"n":1}]',
    }


@pytest.mark.parametrize("content", ["", "encryptionsalt: v1:x\n", "config: {}\n"])
def test_there_may_be_none(tmp_path, content):
    assert read_config_file(config_file("dev", tmp_path)) == {}
    (tmp_path / "Pulumi.dev.yaml").write_text(content)
    assert read_config_file(config_file("dev", tmp_path)) == {}


@pytest.mark.parametrize(
    "content",
    ["config:\n  a:token:\n    secure: v1:x\n", "config:\n  a:list:\n    - secure: v1:x\n"],
)
def test_encrypted_values_are_left_to_the_engine(tmp_path, content):
    (tmp_path / "Pulumi.dev.yaml").write_text(content)
    assert read_config_file(config_file("dev", tmp_path)) is None


@pytest.mark.parametrize("content", ["config: [", "just a text\n"])
def test_a_file_that_is_none_is_a_config_error(tmp_path, content):
    (tmp_path / "Pulumi.dev.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"Pulumi\.dev\.yaml can't be read"):
        read_config_file(config_file("dev", tmp_path))


def test_only_what_differs_is_set():
    current = {"a:same": "1", "a:other": "x", "a:gone": "y", "a:token": "old", "a:chosen": "mine"}
    values = {
        "a:same": 1,
        "a:other": ["z"],
        "a:gone": None,
        "a:never": None,
        "a:token": Secret("new"),
        "a:chosen": Default("ours"),
        "a:unset": Default("ours"),
    }
    plain, secrets, gone = differing(values, current)
    assert plain == {"a:other": ["z"], "a:unset": "ours"}
    assert secrets == {"a:token": Secret("new")}
    assert gone == ["a:gone"]


def test_a_secret_is_not_shown():
    assert "hidden" not in repr(Secret("hidden"))


def test_lists_keep_their_form():
    assert json.loads(config_json({"a:list": [1], "a:flag": True})) == {
        "a:list": {"value": "[1]", "objectValue": [1], "secret": False},
        "a:flag": {"value": "true", "secret": False},
    }


def test_more_than_fits_is_a_config_error():
    with pytest.raises(ConfigError, match="the most that can be set"):
        config_json({"a:certificates": "x" * LARGEST})
