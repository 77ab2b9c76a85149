"""Every command in the documents is run by a test: here, or by the test named here."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from bench import ROOT
from bench import Bench
from botocore.exceptions import ClientError

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "labs/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]

# What they share is no command of its own.
BENCHMARKS = sorted(
    p.name for p in (ROOT / "benchmarks").glob("*.py") if "ArgumentParser" in p.read_text()
)

# Run here, on the tests' own workbench, word for word.
RUN_HERE = {
    "workbench status",
    "workbench check",
    "workbench doctor",
    'eval "$(workbench env)"',
    "pulumi preview",
    "pulumi stack output",
    "workbench rehearsal.start",
    "workbench rehearsal.status",
    "docker ps --filter label=diy-workbench.rehearsal",
}
# Run by these tests, with what is particular to a person (a name, a key) put in.
RUN_ELSEWHERE = {
    "make up": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "workbench init --rights": "tasks/test_init.py::test_the_rights_are_printed_as_a_policy",
    "workbench init": "tasks/test_init.py::test_options_alone_make_a_stack_that_up_can_bring_up",
    "workbench up --stack prod": "tasks/test_init.py::test_options_alone_make_a_stack_that_up",
    **{
        f"workbench {task}": f"tasks/{where}"
        for task, where in {
            "ssh.config": "test_ssh.py::test_an_alias_works_for_ssh_and_sftp",
            "ssh.connect": "test_ssh.py::test_connect_ends_as_the_command_ends",
            "ssh.tunnel": "test_ssh.py::test_a_tunnel_leads_to_a_service",
            "ssh.allow": "test_ssh.py::test_port_22_opens_to_this_address",
            "ssh.keys.": "test_ssh.py::test_a_key_is_replaced",
            "resize t3.large --replace": "test_replace.py::test_a_bigger_server_takes_over",
            "resize t3.medium --replace": "test_replace.py::test_a_bigger_server_takes_over",
            "resize": "test_resize.py::test_resized_under_load",
            "stop": "test_power.py::test_a_server_is_stopped_and_started",
            "start": "test_power.py::test_a_server_is_stopped_and_started",
            "restart": "test_power.py::test_a_restart_boots_anew",
            "status --watch": "test_power.py::test_a_restart_boots_anew",
            "users.": "test_users.py::test_a_person_comes_works_goes",
            "recover": "test_recovery.py::test_a_damaged_or_lost_state_is_told",
            "up --dry-run": "test_recovery.py::test_a_damaged_or_lost_state_is_told",
            "data.": "test_data.py::test_what_was_backed_up_is_restored",
            "converge": "test_converge.py::test_a_changed_setting_is_shown_and_applied",
            "doctor --quick": "test_faults.py::test_a_fault_is_named_and_mended",
            "drift": "test_converge.py::test_what_was_changed_by_hand_is_found",
            "logs": "test_logs.py::test_the_services_logs_are_shown",
            "open": "test_logs.py::test_the_pages_addresses_are_printed",
        }.items()
    },
    **dict.fromkeys(
        (
            "export AWS_REGION=us-east-1",
            'eval "$(workbench env --stack labs)"',
            "(umask 077; openssl rand -hex 32 > ~/labs.passphrase)",
            "export PULUMI_CONFIG_PASSPHRASE_FILE=~/labs.passphrase",
        ),
        "../labs/test_elsewhere.py::test_the_commands_for_aws_come_as_far",
    ),
    "workbench labs": "../labs/test_solutions.py::test_a_step_isnt_done_before_its_solution",
    "workbench rehearsal.config --name mine": "../labs/test_own_project.py::test_a_project",
    'eval "$(workbench env --stack rehearsal-mine)"': "../labs/test_own_project.py::test_a_project",
    **dict.fromkeys(
        (
            "printf 'name: workbench\\nruntime: yaml\\n' > Pulumi.yaml",
            "workbench rehearsal.config --name yaml",
            'eval "$(workbench env --stack rehearsal-yaml)"',
            "pulumi package add ",
        ),
        "test_package.py::test_a_program_in_yaml_brings_up_a_workbench",
    ),
    **dict.fromkeys(
        (
            "pulumi stack init shared",
            "pulumi stack init dev",
            "pulumi preview --stack prod --policy-pack",
        ),
        "../cloud/provider/test_org_stacks.py::test_dev_test_and_prod_come_from_one_program",
    ),
    "pulumi preview --policy-pack ": "../cloud/provider/test_policy.py::test_a_bad_change_is",
    "make dist": "test_package.py::test_a_release_has_all_of_the_package",
    "make setup": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "make check": "../../Makefile::test",
    "make test": "../../.ci/run::test",
    "./scripts/venv": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "source .venv/bin/activate": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "pulumi config rm workbench:": "test_without_domain.py::test_a_workbench_without_a_domain",
    "workbench destroy": "test_life.py::test_destroy_leaves_nothing_but_the_data_volume",
    "workbench rehearsal.stop": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "workbench rehearsal.reset": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    **dict.fromkeys(
        (
            'eval "$(workbench env --stack prod)"',
            "pulumi login --local",
            "(umask 077; openssl rand -hex 32 > ~/prod.passphrase)",
            "export PULUMI_CONFIG_PASSPHRASE_FILE=~/prod.passphrase",
            "pulumi stack init prod",
            "pulumi config set aws:region us-east-1",
            "pulumi config set workbench:",
            "pulumi config set --path 'workbench:",
            "pulumi up",
            "workbench up",
        ),
        "test_aws_stack.py::test_a_stack_made_by_hand",
    ),
    ".venv/bin/pytest tests/": "../../Makefile::pytest",
    "docker exec -it workbench-default-i-": "test_documents.py::test_a_machine_can_be_looked_into",
    "python benchmarks/": "test_documents.py::test_a_benchmark_explains_itself",
    "python -c 'import boto3; ": "test_documents.py::test_a_type_can_be_without_capacity",
}


def commands() -> Iterator[tuple[str, str]]:
    """Give (document, command) for every line of every console block."""
    for document in DOCUMENTS:
        for block in re.findall(r"```(?:console|bash|sh)\n(.*?)```", document.read_text(), re.S):
            for line in block.replace("\\\n", " ").splitlines():
                command = re.sub(r"\s+#.*", "", line).strip().removeprefix("$ ")
                if command:
                    yield document.name, command


@pytest.mark.parametrize(("document", "command"), sorted(set(commands())))
def test_a_documents_command_is_run_by_a_test(document: str, command: str) -> None:
    if command in RUN_HERE:
        return
    found = [where for start, where in RUN_ELSEWHERE.items() if command.startswith(start)]
    assert found, f"{document}: no test runs: {command}"
    file, _, name = found[0].partition("::")
    assert name in (ROOT / "tests" / "e2e" / file).read_text()


@pytest.mark.parametrize("command", sorted(RUN_HERE))
def test_a_documents_command_works(bench: Bench, command: str) -> None:
    done = bench.shell(command)
    assert done.stdout or command.startswith("eval") or done.stderr
    # A path is never broken, so that it can be copied.
    texts = [line for line in done.stdout.splitlines() if str(bench.state_dir) not in line]
    if command.startswith("workbench"):
        assert [line for line in texts if len(line) > 80] == []


def test_a_machine_can_be_looked_into(bench: Bench) -> None:
    name = f"workbench-{bench.name}-{bench.status()['instance_id']}"
    log = "cat /var/log/workbench/progress.jsonl /var/log/workbench/converge.log"
    looked = subprocess.run(
        ["docker", "exec", name, "bash", "-c", f"{log}; cloud-init status --long"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "status: done" in looked
    assert '"event": "end"' in looked or '"event":"end"' in looked


def test_a_type_can_be_without_capacity(bench: Bench) -> None:
    begin, end = [line for _, line in commands() if line.startswith("python -c 'import boto3; ")]
    ec2 = bench.aws("ec2")
    found = ec2.describe_instances(InstanceIds=[bench.outputs()["instance_id"]])
    image = found["Reservations"][0]["Instances"][0]["ImageId"]
    bench.shell(begin)
    try:
        with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
            ec2.run_instances(ImageId=image, InstanceType="t3.large", MinCount=1, MaxCount=1)
    finally:
        bench.shell(end)
    with pytest.raises(ClientError, match="ParameterNotFound"):
        bench.aws("ssm").get_parameter(Name="/rehearsal/no-capacity")


@pytest.mark.parametrize("file", BENCHMARKS)
def test_a_benchmark_explains_itself(bench: Bench, file: str) -> None:
    assert "usage:" in bench.shell(f"python benchmarks/{file} --help").stdout
