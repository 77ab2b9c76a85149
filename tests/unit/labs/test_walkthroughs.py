"""The labs that there are: walkthrough, lab.toml and program say the same."""

import ast
import re

import pytest
from walkthrough import attributes_of
from walkthrough import commands_of
from walkthrough import matches
from walkthrough import parse

from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import read_labs
from workbench.tasks.labs.bench import LABS
from workbench.tasks.labs.folder import IMAGES

LIST = read_labs(LABS)
EACH_LAB = pytest.mark.parametrize("lab", LIST, ids=lambda lab: lab.folder.name)


@EACH_LAB
def test_each_step_is_a_heading_of_the_walkthrough(lab: Lab):
    headings = re.findall(r"^## (.*)$", (lab.folder / "README.md").read_text(), re.M)

    assert [heading for heading in headings if heading in {s.heading for s in lab.steps}] == [
        step.heading for step in lab.steps
    ]
    assert headings[0] == "Begin"
    assert headings[-2:] == ["The same, as code", "What you have"]


@EACH_LAB
def test_fewer_than_one_block_in_twenty_is_not_run(lab: Lab):
    blocks = [attributes_of(example) for example in parse(lab.folder / "README.md").examples()]

    assert len([block for block in blocks if "not run" in block]) * 20 < len(blocks)


@EACH_LAB
def test_the_lists_of_labs_name_it_with_its_time(lab: Lab):
    listed = (LABS / "README.md").read_text()

    assert f"[{lab.number} {lab.title}]({lab.folder.name}/README.md)" in listed
    assert f"{lab.minutes} min" in listed
    assert f"| Time | {lab.minutes} minutes |" in (lab.folder / "README.md").read_text()
    book = (LABS.parent / "docs" / "book.md").read_text()
    assert f"[lab {lab.number}](../labs/{lab.folder.name}/README.md)" in book


@EACH_LAB
def test_a_diagram_shows_what_there_is_and_each_picture_is_there(lab: Lab):
    text = (lab.folder / "README.md").read_text()

    assert "```mermaid\nflowchart" in text.partition("## Begin")[0]
    for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text):
        assert (lab.folder / picture).is_file(), picture


@EACH_LAB
def test_the_program_can_be_read(lab: Lab):
    assert ast.get_docstring(ast.parse((lab.folder / "__main__.py").read_text()))


def test_the_images_are_those_that_a_server_would_have():
    from workbench.components.operating_systems import OPERATING_SYSTEMS

    assert {
        name: (system.parameter.format(architecture="amd64"), system.administrator)
        for name, system in OPERATING_SYSTEMS.items()
    } == IMAGES


def test_commands_go_on_after_a_backslash():
    block = "$ first \\\n    --option\nprinted\n$ second\n"

    assert commands_of(block) == [("first \\\n    --option", ["printed"]), ("second", [])]


def test_a_here_document_belongs_to_its_command():
    block = "$ cat > file <<'END'\nfirst \\\n$ second\nEND\n$ cat file\nfirst\n"

    assert commands_of(block) == [
        ("cat > file <<'END'\nfirst \\\n$ second\nEND", []),
        ("cat file", ["first"]),
    ]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (["a … c"], "a   b c\n", True),
        (["a … c"], "a b d\n", False),
        (["…", "last"], "one\ntwo\nlast\n", True),
        (["…", "last"], "last\n", True),
        (["first", "…"], "second\n", False),
        (["only"], "only\nmore\n", False),
        (["a.c"], "abc\n", False),
    ],
)
def test_a_walkthroughs_output_is_compared(expected, printed, same):
    assert matches(expected, printed) is same
