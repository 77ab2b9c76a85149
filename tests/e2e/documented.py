"""Which test runs which command of the documents; one that doesn't run its commands fails."""

import re
import shlex
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A test, and the documents' commands that it runs, with what is particular to a person (a name,
# a key) put in. Of a task all its options count; of other programs, how the command begins.
PROOFS: dict[str, tuple[str, ...]] = {
    "e2e/test_fresh_clone.py::test_make_up_from_a_fresh_clone": (
        "make up",
        "source .venv/bin/activate",
        "workbench rehearsal.stop",
        "workbench rehearsal.reset",
    ),
    "e2e/test_life.py::test_destroy_leaves_nothing_but_the_data_volume": ("workbench destroy",),
    "e2e/test_without_domain.py::test_a_workbench_without_a_domain_is_trusted_at_its_address": (
        "pulumi config rm workbench:",
    ),
    "e2e/test_aws_stack.py::test_a_stack_made_by_hand": (
        'eval "$(workbench env --stack prod)"',
        "pulumi login",
        "(umask 077; openssl rand -hex 32 > ",
        "export PULUMI_CONFIG_PASSPHRASE_FILE=",
        "pulumi stack init prod",
        "pulumi config set aws:region us-east-1",
        "pulumi config set workbench:",
        "pulumi config set --path 'workbench:",
        "pulumi up",
        "workbench up",
    ),
    "e2e/test_package.py::test_a_program_in_yaml_brings_up_a_workbench_from_the_wheel_alone": (
        "printf 'name: workbench\\nruntime: yaml\\n' > Pulumi.yaml",
        "workbench rehearsal.config --name",
        'eval "$(workbench env --stack rehearsal-',
        "pulumi package add ",
        "pulumi up",
        "workbench up",
    ),
    "labs/test_own_project.py::test_a_stack_of_ones_own_lives_in_a_rehearsal": (
        "workbench rehearsal.config --stack",
        'eval "$(workbench env',
    ),
    "labs/test_two_workbenches.py::test_two_workbenches_in_one_stack_are_told_apart": (
        "workbench up",
        "workbench status --workbench",
        "workbench check --workbench",
        "workbench destroy",
    ),
    "host/test_services.py::test_a_package_adds_a_service": ("pip install ./hello-workbench",),
    "cloud/provider/test_policy.py::test_a_bad_change_is_stopped_in_its_preview": (
        "pulumi preview --policy-pack ",
    ),
    "cloud/provider/test_org_stacks.py"
    "::test_dev_test_and_prod_come_from_one_program_and_share_a_network": (
        "pulumi stack init shared",
        "pulumi stack init dev",
        "pulumi preview --stack prod --policy-pack",
    ),
    "cloud/provider/test_org_pipeline.py"
    "::test_a_change_goes_from_dev_to_prod_and_a_failed_promotion_is_rolled_back": (
        "pulumi config set workbench:instanceType t3.xlarge --stack test",
        "git commit --all --message ",
        "python pipeline preview test",
        "python pipeline deploy dev",
        "python pipeline preview test --plan ",
        "python pipeline promote dev test --plan ",
        "python pipeline rollback test",
        "python pipeline drift test",
    ),
    "cloud/provider/test_org_pipeline.py"
    "::test_state_is_in_a_bucket_and_its_secrets_are_encrypted_by_a_key": (
        "aws s3 mb s3://",
        "aws s3api put-bucket-versioning --bucket ",
        "aws kms create-key --query ",
        "aws kms create-alias --alias-name ",
        "pulumi stack init dev --secrets-provider ",
    ),
    "cloud/provider/test_org_pipeline.py::test_two_teams_share_the_network": (
        "cp -r workbench analytics",
        "sed -i 's/org-workbench/org-analytics/",
    ),
    "e2e/test_documents.py::test_a_machine_can_be_looked_into": ("docker exec ",),
    "e2e/test_documents.py::test_a_type_can_be_without_capacity": ("python -c 'import boto3; ",),
    "e2e/tasks/test_init.py::test_the_rights_are_printed_as_a_policy": ("workbench init --rights",),
    "e2e/tasks/test_init.py::test_options_alone_make_a_stack_that_up_can_bring_up": (
        "workbench init --stack --region --domain --users --administrators --yes",
        "workbench up --stack",
    ),
    "e2e/tasks/test_init.py::test_answers_at_a_terminal_are_checked_one_by_one": (
        "workbench init",
    ),
    "e2e/tasks/test_ssh.py::test_an_alias_works_for_ssh_and_sftp_and_goes_without_a_trace": (
        "workbench ssh.config",
        "workbench ssh.config --remove",
    ),
    "e2e/tasks/test_ssh.py::test_connect_ends_as_the_command_ends_and_says_what_is_wrong": (
        "workbench ssh.connect",
    ),
    "e2e/tasks/test_ssh.py::test_a_tunnel_leads_to_a_service_until_ctrl_c": (
        "workbench ssh.tunnel",
    ),
    "e2e/tasks/test_ssh.py::test_port_22_opens_to_this_address_through_the_stack": (
        "workbench ssh.allow",
    ),
    "e2e/tasks/test_ssh.py::test_a_key_is_replaced_and_the_new_one_opens_before_the_old_one_goes": (
        "workbench ssh.keys.add --public-key",
        "workbench ssh.keys.list",
        "workbench ssh.keys.rotate",
    ),
    "e2e/tasks/test_replace.py"
    "::test_a_bigger_server_takes_over_and_the_old_one_is_kept_until_it_has_been_checked": (
        "workbench resize --replace",
        "workbench resize --replace --dry-run",
    ),
    "e2e/tasks/test_resize.py::test_a_type_that_does_not_fit_is_refused_before_anything_stops": (
        "workbench resize --dry-run",
    ),
    "e2e/tasks/test_resize.py::test_resized_under_load_killed_at_each_step_and_put_back": (
        "workbench resize",
    ),
    "e2e/tasks/test_power.py::test_a_server_is_stopped_and_started_but_not_under_someones_hands": (
        "workbench stop",
        "workbench start",
    ),
    "e2e/tasks/test_power.py::test_a_restart_boots_anew_and_is_watched": (
        "workbench restart",
        "workbench status --watch",
    ),
    "e2e/tasks/test_users.py::test_a_person_comes_works_goes_and_comes_back": (
        "workbench users.add --public-key",
        "workbench users.add",
        "workbench users.keys.add --public-key",
        "workbench users.list",
        "workbench users.password",
        "workbench users.promote",
        "workbench users.remove",
    ),
    "e2e/tasks/test_recovery.py"
    "::test_a_damaged_or_lost_state_is_told_with_the_server_and_recovered": (
        "workbench recover",
        "workbench recover --dry-run",
        "workbench up --dry-run",
    ),
    "e2e/tasks/test_data.py::test_a_volume_grows_while_people_work_and_never_shrinks": (
        "workbench data.grow",
    ),
    "e2e/tasks/test_data.py::test_what_was_backed_up_is_restored_into_a_new_volume": (
        "workbench data.backup",
        "workbench data.list",
        "workbench data.restore",
    ),
    "e2e/tasks/test_converge.py::test_a_changed_setting_is_shown_and_applied_through_pulumi": (
        "workbench converge",
        "workbench converge --dry-run",
    ),
    "e2e/tasks/test_converge.py::test_what_was_changed_by_hand_is_found_named_and_put_right": (
        "workbench drift",
    ),
    "e2e/tasks/test_faults.py::test_faults_are_named_and_fixed_by_what_doctor_says": (
        "workbench doctor --quick",
    ),
    "e2e/tasks/test_logs.py::test_the_services_logs_are_shown_and_followed": (
        "workbench logs",
        "workbench logs --since --follow",
    ),
    "e2e/tasks/test_logs.py::test_the_pages_addresses_are_printed": ("workbench open",),
    "labs/test_elsewhere.py::test_the_commands_for_aws_come_as_far_as_an_account_is_needed": (
        "export AWS_REGION=us-east-1",
        'eval "$(workbench env --stack labs)"',
        "(umask 077; openssl rand -hex 32 > ",
        "export PULUMI_CONFIG_PASSPHRASE_FILE=",
        "workbench labs.start",
    ),
    "labs/test_solutions.py::test_a_step_isnt_done_before_its_solution_and_is_after": (
        "workbench labs",
        "workbench labs.start",
    ),
    "labs/test_own_project.py::test_a_project_of_ones_own_is_deployed_by_pulumis_own_commands": (
        "workbench rehearsal.config --name",
        'eval "$(workbench env',
        "pulumi up",
    ),
}
# What is typed to run all tests can't be run by one of them: what runs it, line for line.
RUN_BY: dict[str, tuple[str, str]] = {
    "make test": (".ci/run", "exec make test"),
    # By the fixture of the test of the release.
    "make dist": ("Makefile", "dist: "),
    "make check": ("Makefile", "test: check test-programs ## "),
    ".venv/bin/pytest tests/": ("Makefile", "\t$(BIN)/pytest "),
    # Of `make up`, in the test of the fresh clone.
    "make setup": ("Makefile", "up: setup ## "),
    "./scripts/venv": ("Makefile", "\t@./scripts/venv $(PYTHON)"),
}

_ran: list[str] = []


def note(command: str | Iterable[object]) -> None:
    """Remember what a test runs: a script, or a program's words."""
    if not isinstance(command, str):
        words = [str(word) for word in command]
        if "-c" in words and Path(words[0]).name in ("bash", "sh"):
            note(words[words.index("-c") + 1])
            return
        command = shlex.join([Path(words[0]).name, *words[1:]])
    for line in command.splitlines():
        _ran.extend(part.strip() for part in (line, *re.split(r"&&|\|+|;", line)))


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and isinstance(arguments[1], list | tuple | str):
        note(arguments[1])


def shows(key: str, command: str) -> bool:
    """Whether a command is what a key stands for."""
    if not key.startswith("workbench "):
        return command.startswith(key)
    words, typed = key.split(), command.split()
    return typed[:2] == words[:2] and set(words[2:]) <= set(typed[2:])


def is_of(key: str, command: str) -> bool:
    """Whether a document's command is proven by what runs a key: no option is missing there."""
    options = {word for word in command.split()[2:] if word.startswith("--")}
    return shows(key, command) and (
        not key.startswith("workbench ") or options == set(key.split()[2:])
    )


def missing(test: str, ran: list[str]) -> list[str]:
    """Return which of a test's commands are not among those that it ran."""
    return [key for key in PROOFS.get(test, ()) if not any(shows(key, each) for each in ran)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Forget what the tests before have run."""
    _ran.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that didn't run what the table says, its fixtures included."""
    result = yield
    path = item.path.relative_to(ROOT / "tests").as_posix()
    name = f"{path}::{getattr(item, 'originalname', item.name)}"
    if not_run := missing(name, _ran):
        pytest.fail(f"tests/e2e/documented.py says that this test runs: {', '.join(not_run)}")
    return result


# Whatever way a test starts a program; it can't be taken back, and costs next to nothing.
sys.addaudithook(_hear)
