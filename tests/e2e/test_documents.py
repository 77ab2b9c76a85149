"""Every command in the documents is run by a test: here, or by one that documented.py names."""

import ast
import re
import subprocess
from collections.abc import Iterator

import documented
import pytest
from bench import ROOT
from bench import Bench
from botocore.exceptions import ClientError
from documented import PROOFS
from documented import RUN_BY
from documented import is_of
from documented import missing
from documented import note

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
    keys = {*RUN_HERE, *RUN_BY, *(key for keys in PROOFS.values() for key in keys)}
    assert [key for key in keys if is_of(key, command)], f"{document}: no test runs: {command}"


@pytest.mark.parametrize("test", PROOFS)
def test_a_test_that_runs_documents_commands_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text())
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("command", RUN_BY)
def test_what_runs_the_tests_runs_it(command: str) -> None:
    file, line = RUN_BY[command]
    assert any(each.startswith(line) for each in (ROOT / file).read_text().splitlines())


@pytest.mark.parametrize("key", sorted({key for keys in PROOFS.values() for key in keys}))
def test_no_command_is_in_the_table_that_no_document_has(key: str) -> None:
    assert [command for _, command in commands() if is_of(key, command)]


def test_a_test_that_runs_something_else_fails() -> None:
    test = "e2e/tasks/test_ssh.py::test_an_alias_works_for_ssh_and_sftp_and_goes_without_a_trace"
    assert missing(test, []) == ["workbench ssh.config", "workbench ssh.config --remove"]
    assert missing(test, ["workbench ssh.config --alias lab", "workbench ssh.configs"]) == [
        "workbench ssh.config --remove"
    ]
    assert missing(test, ["workbench ssh.config --remove --alias lab"]) == []
    assert not is_of("workbench ssh.config", "workbench ssh.config --force")


@pytest.mark.parametrize(
    "started",
    [
        ["/some/bin/workbench", "stop", "--yes"],
        ["bash", "-c", "set -e\neval x\necho a | workbench stop --yes && true"],
        ["bash", "-euo", "pipefail", "-c", "true; workbench stop --yes"],
    ],
)
def test_what_a_test_starts_is_noted(started: list[str]) -> None:
    documented._ran.clear()
    note(started)
    assert "workbench stop --yes" in documented._ran


def test_a_program_that_a_test_starts_is_noted() -> None:
    subprocess.run(["bash", "-c", "true && true workbench stop"], check=True)
    assert "true workbench stop" in documented._ran


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
