"""The workflow: valid, every action of a commit, and nothing in it but what runs anywhere."""

import itertools
import re
import shlex
from collections.abc import Iterator

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from pipeline_program import ORG
from pipeline_program import PIPELINE

WORKFLOW = ORG / ".github" / "workflows" / "workbench.yml"
ACTION = ORG / ".github" / "actions" / "prepare" / "action.yml"
DEPENDABOT = ORG / ".github" / "dependabot.yml"
ROOT = ORG.parents[1]
DOCUMENT = ROOT / "docs" / "pipeline.md"
STACKS = ("dev", "test", "prod")


def jobs():
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]


def steps() -> Iterator[dict]:
    for job in jobs().values():
        yield from job["steps"]
    yield from yaml.safe_load(ACTION.read_text())["runs"]["steps"]


def lines() -> list[str]:
    return [line for step in steps() for line in step.get("run", "").splitlines()]


def lint(schema, file):
    """Run check-jsonschema in this process, which is quicker."""
    return CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(file)])


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", WORKFLOW),
        ("custom.github-workflows-require-timeout", WORKFLOW),
        ("vendor.github-actions", ACTION),
        ("vendor.dependabot", DEPENDABOT),
    ],
)
def test_it_is_what_github_takes(schema, file) -> None:
    done = lint(schema, file)
    assert done.exit_code == 0, done.output


def test_the_linter_sees_what_github_refuses(tmp_path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text().replace("runs-on:", "run-on:", 1))
    assert lint("vendor.github-workflows", wrong).exit_code == 1


def test_every_action_is_of_a_commit_which_nobody_can_move() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    pinned = {each for each in used if re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)}
    assert used - pinned == {"./.github/actions/prepare"}
    # Each one once: two commits of one action would be two programs.
    assert len({each.partition("@")[0] for each in pinned}) == len(pinned) == 6


def test_newer_commits_are_proposed_wherever_one_is_named() -> None:
    (update,) = yaml.safe_load(DEPENDABOT.read_text())["updates"]
    # "/" is the workflows' folder.
    assert update["directories"] == ["/", f"/{ACTION.parent.relative_to(ORG)}"]


def test_what_it_runs_is_the_pipeline_or_in_the_document() -> None:
    pipeline = [line for line in lines() if line.startswith("python pipeline ")]
    assert len(pipeline) == 8
    for line in pipeline:
        words = shlex.split(line.partition(">")[0])[2:]
        # What the program doesn't know, it refuses here.
        PIPELINE.parser().parse_args(words)
    others = {part for line in lines() if line not in pipeline for part in line.split(" | ")}
    for command in others:
        assert f"`{command}`" in DOCUMENT.read_text()


def test_a_text_from_outside_is_never_part_of_a_script() -> None:
    assert [line for line in lines() if "${{" in line] == []


def test_no_long_lived_key_is_in_it() -> None:
    text = WORKFLOW.read_text() + ACTION.read_text()
    assert "secrets." not in text
    assert "access-key" not in text


def test_what_changes_a_stack_waits_for_its_environment_and_for_others() -> None:
    changing = r"python pipeline (deploy|promote|rollback) "
    found = {
        name: job
        for name, job in jobs().items()
        if any(re.match(changing, step.get("run", "")) for step in job["steps"])
    }
    assert list(found) == [*STACKS, "rollback"]
    for name, job in found.items():
        stack = "${{ inputs.rollback }}" if name == "rollback" else name
        assert (job["environment"], job["concurrency"]) == (stack, stack)
    # Nothing that runs a change before it is merged, or only looks, has a role that can do more.
    others = {name: job for name, job in jobs().items() if name not in found}
    assert all(
        job["environment"].endswith("-look") for job in others.values() if "environment" in job
    )
    assert [name for name, job in jobs().items() if "write" in str(job["permissions"])] == list(
        jobs()
    )
    assert [name for name, job in jobs().items() if "pull-requests" in job["permissions"]] == [
        "comment"
    ]


def test_what_a_promotion_does_is_what_was_planned_before_it_was_approved() -> None:
    for source, target in itertools.pairwise(STACKS):
        assert jobs()[f"plan-{target}"]["needs"] == source
        assert jobs()[target]["needs"] == f"plan-{target}"
        assert f"--plan ../plan/{target}.plan" in jobs()[target]["steps"][-1]["run"]


def test_its_engine_and_its_package_are_those_of_this_repository() -> None:
    [engine] = [step["with"]["pulumi-version"] for step in steps() if "pulumi" in str(step)]
    assert (
        f"github.com/pulumi/pulumi/pkg/v3 v{engine}"
        in (ROOT / "workbench/engine/go.mod").read_text()
    )
    released = re.search(r"^## (\d\S+) \(", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert released
    assert f"diy-workbench[policy]=={released[1]}" in (ORG / "requirements.txt").read_text()
