"""lab.toml, and what is said of a mistake in it."""

from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.labs.lab_file import read_lab
from workbench.labs.lab_file import read_labs

LAB = """
title = "A lab"
minutes = 10
needs = []

[[step]]
name = "key"
heading = "Make a key"
checks = ["lab-key-pair"]
hints = ["where", "which", "what"]
solve = "true"
"""


def folder(tmp_path: Path, text: str, name: str = "01-one") -> Path:
    made = tmp_path / name
    made.mkdir()
    (made / "lab.toml").write_text(text)
    return made


def test_a_lab_is_read(tmp_path):
    lab = read_lab(folder(tmp_path, LAB))

    assert (lab.number, lab.title, lab.minutes) == (1, "A lab", 10)
    assert [step.name for step in lab.steps] == ["key"]
    assert lab.steps[0].hints == ("where", "which", "what")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('title = "A lab"', "", r"lab.toml: `title` is missing\."),
        ('title = "A lab"', "title = 3", r"lab.toml: `title` must be a text\."),
        ('title = "A lab"', 'title = " "', r"lab.toml: `title` is empty\."),
        ("minutes = 10", "minutes = 0", r"lab.toml: `minutes` must be more than 0\."),
        ("minutes = 10", "minutes = true", r"lab.toml: `minutes` must be more than 0\."),
        ("minutes = 10", 'minutes = "10"', r"lab.toml: `minutes` must be a whole number\."),
        ("needs = []", "needs = [3]", "`needs` must be a list of texts, and none of them empty"),
        ("needs = []", "need = []", r"lab.toml: `needs` is missing\."),
        ("needs = []", "needs = []\nlevel = 3", "lab.toml: `level` isn't a key that a lab has"),
        ("[[step]]", "[step]", r"lab.toml: `step` must be written as \[\[step\]\]\."),
        ('name = "key"', "", "lab.toml, step 1: `name` is missing"),
        ('"lab-key-pair"', "", "step key: `checks` names no check: nothing would prove the step"),
        ('"lab-key-pair"', '"lab-keys"', "step key: `checks` names 'lab-keys', and there is no"),
        ('"where", ', "", "step key: `hints` has 2 texts, but there are 3: where to look"),
        ('solve = "true"', 'solve = "true"\ntime = 3', "step key: `time` isn't a key"),
        ('solve = "true"', 'solve = "true"\nfault = ""', r"`fault` must be written as \[\[fault\]"),
        (
            'solve = "true"',
            'solve = "true"\n[[step.fault]]\nname = "gone"',
            "step key, fault gone: `cause` is missing",
        ),
        ("needs = []", 'needs = []\nstart = " "', r"lab.toml: `start` is empty\."),
        ('solve = "true"', "solve = ", "lab.toml can't be read as TOML: Invalid value"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path, before, after, sentence):
    assert before in LAB
    with pytest.raises(ConfigError, match=sentence):
        read_lab(folder(tmp_path, LAB.replace(before, after)))


def test_what_a_lab_needs_is_a_step_of_an_earlier_one(tmp_path):
    folder(tmp_path, LAB.replace("needs = []", 'needs = ["disk"]'))

    with pytest.raises(ConfigError, match="`needs` has 'disk', which isn't a step of an earlier"):
        read_labs(tmp_path)


def test_a_step_has_a_name_of_its_own(tmp_path):
    folder(tmp_path, LAB)
    folder(tmp_path, LAB, "02-two")

    with pytest.raises(ConfigError, match=r"02-two/lab\.toml: two steps or faults are named 'key'"):
        read_labs(tmp_path)
