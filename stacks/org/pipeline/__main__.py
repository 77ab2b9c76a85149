"""What the workflow does with the stacks, and what a person can do from their own computer.

A deployment is of a commit: it runs in a checkout of that commit alone, with the packages, rules
and configuration that the commit has. Which commit a stack runs is in Pulumi's history; which one
passed the checks last, in a tag of the stack.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from report import Report

from workbench.policy import unsaved_volumes

HERE = Path(__file__).resolve().parents[1]
PROGRAM = "workbench"
PACK = ("--policy-pack", "../policy")
PASSED = "pipeline:passed"
# The events of a preview, and no files of Python's own that would make a checkout look changed.
ENVIRONMENT = {
    **os.environ,
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def preview(stack: str, plan: str | None) -> None:
    """Write what the files here would do to a stack, as Markdown; fail where it is refused."""
    save = ("--save-plan", str(Path(plan).resolve())) if plan else ()
    report, failed = look(HERE, stack, *PACK, *save)
    unsaved = list(unsaved_volumes(report.steps, report.config))
    print(report.markdown(stack, head(), unsaved), flush=True)
    hold(stack, failed, unsaved)


def deploy(stack: str, plan: str | None) -> None:
    """Bring a stack to this commit; with a plan, do what it says and nothing else."""
    if git("status", "--porcelain", "--", "."):
        sys.exit("There are changes here that aren't committed, and only commits are deployed.")
    bring(stack, head(), plan)


def promote(source: str, target: str, plan: str | None) -> None:
    """Bring a stack to the commit that another one runs, once that has passed its checks."""
    commit = passed(source)
    if running(source) != commit:
        sys.exit(
            f"{source} runs {name_of(running(source))}, and the last to pass its checks was"
            f" {name_of(commit)}: nothing is promoted.\n  python pipeline rollback {source}"
        )
    if plan and commit != head():
        sys.exit(
            f"The plan is of {name_of(head())}, and {source} runs {name_of(commit)} by now:"
            " approve that one's."
        )
    bring(target, commit, plan)


def rollback(stack: str) -> None:
    """Bring a stack back to the last commit that passed its checks."""
    bring(stack, passed(stack), None)


def drift(stack: str) -> None:
    """Say whether a stack still is what its commit made; fail where it isn't."""
    commit = running(stack)
    if not commit:
        sys.exit(f"What {stack} runs is of no commit.\n  python pipeline rollback {stack}")
    with checkout(commit) as folder:
        install(folder)
        report, failed = look(folder, stack, "--expect-no-changes")
    if not failed:
        print(f"{stack} is what {name_of(commit)} made.")
        return
    print(report.markdown(stack, commit))
    if not report.changes:
        sys.exit(f"The preview of {stack} failed, so nobody knows whether it was changed.")
    sys.exit(
        f"{stack} was changed by something else than the pipeline. Above is what would put it"
        f" right:\n  python pipeline rollback {stack}"
    )


def bring(stack: str, commit: str, plan: str | None) -> None:
    """Deploy a commit to a stack, wait for its server, and have the checks decide."""
    print(f"{stack}: {name_of(commit)}", flush=True)
    # With a plan, Pulumi's own preview holds the stack against it; else it would be the same again.
    only = ("--plan", str(Path(plan).resolve())) if plan else ("--skip-preview",)
    with checkout(commit) as folder:
        install(folder)
        # A preview comes first, so that what is refused changes nothing. It is for this moment: by
        # now, the snapshot that an earlier one saw may be too old.
        report, failed = look(folder, stack, *PACK)
        unsaved = list(unsaved_volumes(report.steps, report.config))
        if failed or unsaved:
            print(report.markdown(stack, commit, unsaved), flush=True)
        hold(stack, failed, unsaved)
        # What was changed behind Pulumi's back, it sees only with a refresh.
        run(folder, "pulumi", "up", "--yes", "--refresh", "--stack", stack, *PACK, *only)
        try:
            # Without --yes: what Pulumi would change beyond that is refused.
            run(folder, "workbench", "up", "--stack", stack)
            run(folder, "workbench", "check", "--stack", stack)
        except subprocess.CalledProcessError:
            sys.exit(
                f"{stack} runs {name_of(commit)} now, which doesn't pass its checks."
                f"\n  python pipeline rollback {stack}   brings back what passed last"
            )
        run(folder, "pulumi", "stack", "tag", "set", PASSED, commit, "--stack", stack)
    print(f"{stack} runs {name_of(commit)}, and it passed.")


def hold(stack: str, failed: bool, unsaved: list[str]) -> None:
    """End where a preview failed, or what it would do loses data."""
    if failed:
        sys.exit(f"The preview of {stack} failed; nothing was changed.")
    if unsaved:
        told = " ".join([*unsaved, "Nothing was changed."])
        sys.exit(f"{told}\n  workbench data.backup --stack {stack}   then run this again")


def look(root: Path, stack: str, *options: str) -> tuple[Report, bool]:
    """Run a preview in a checkout; return what it said, and whether it failed."""
    command = ("pulumi", "preview", "--refresh", "--json", "--stack", stack, *options)
    done = subprocess.run(
        command, cwd=root / PROGRAM, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return Report.of(json.loads(line) for line in lines), done.returncode != 0


def passed(stack: str) -> str:
    """Return the last commit that passed a stack's checks."""
    tags = json.loads(ask("pulumi", "stack", "tag", "ls", "--json", "--stack", stack))
    if PASSED not in tags:
        sys.exit(f"No commit has passed on {stack} yet.\n  python pipeline deploy {stack}")
    return str(tags[PASSED])


def running(stack: str) -> str:
    """Return the commit of a stack's last update, whoever ran it.

    Empty where its files had changes, or the update didn't come to its end: the stack may be
    partly another commit's then.
    """
    command = ("pulumi", "stack", "history", "--json", "--stack", stack)
    updates = [each for each in json.loads(ask(*command) or "[]") if each["kind"] == "update"]
    if not updates:
        sys.exit(f"Nothing has been deployed to {stack} yet.\n  python pipeline deploy {stack}")
    noted: dict[str, Any] = updates[0]["environment"]
    is_whole = updates[0].get("result") == "succeeded" and noted.get("git.dirty") != "true"
    return str(noted.get("git.head", "")) if is_whole else ""


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Give the folder of this model as a commit has it, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        git("worktree", "add", "--detach", folder, commit)
        try:
            yield Path(folder, git("rev-parse", "--show-prefix"))
        finally:
            git("worktree", "remove", "--force", folder)


def install(folder: Path) -> None:
    """Have the packages that a commit names, where they aren't there already."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    subprocess.run([*pip, "--requirement", folder / "requirements.txt"], check=True)


def run(root: Path, *command: str) -> None:
    """Run a command in the program's folder of a checkout, and show what it says."""
    subprocess.run(command, cwd=root / PROGRAM, env=ENVIRONMENT, check=True)


def ask(*command: str) -> str:
    """Return what a command about a stack prints."""
    return subprocess.run(
        command, cwd=HERE / PROGRAM, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def git(*arguments: str) -> str:
    """Return what git prints, about this repository."""
    command = ("git", "-C", str(HERE), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def head() -> str:
    """Return the commit that is checked out here."""
    return git("rev-parse", "HEAD")


def name_of(commit: str) -> str:
    """Return a commit as people read it: its first letters, and what it is about."""
    return git("show", "--no-patch", "--format=%h (%s)", commit) if commit else "no commit"


def parser() -> argparse.ArgumentParser:
    """Return the commands and their arguments."""
    made = argparse.ArgumentParser(prog="python pipeline", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for function, stacks in (
        (preview, ["stack"]),
        (deploy, ["stack"]),
        (promote, ["source", "target"]),
        (rollback, ["stack"]),
        (drift, ["stack"]),
    ):
        help_text = (function.__doc__ or "").splitlines()[0]
        one = commands.add_parser(function.__name__, help=help_text, description=help_text)
        one.set_defaults(function=function)
        for each in stacks:
            one.add_argument(each)
        if function in (preview, deploy, promote):
            one.add_argument("--plan", help="file with what is planned, and so approved")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what a command line says; a program that fails has said why."""
    given = vars(parser().parse_args(arguments))
    try:
        given.pop("function")(**given)
    except subprocess.CalledProcessError as error:
        said = f"\n{error.stderr.strip()}" if error.stderr else ""
        sys.exit(f"`{' '.join(map(str, error.cmd[:3]))} …` failed.{said}")


if __name__ == "__main__":
    main()
