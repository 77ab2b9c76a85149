"""Every command in the documents is run by a test: here, or by the test named here."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from bench import ROOT
from bench import Bench

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# What they share is no command of its own.
BENCHMARKS = sorted({p.name for p in (ROOT / "benchmarks").glob("*.py")} - {"rehearsed.py"})

# Run here, on the tests' own workbench, word for word.
RUN_HERE = {
    "workbench status",
    "workbench check",
    "workbench doctor",
    'eval "$(workbench env)"',
    "pulumi preview",
    "pulumi stack output",
    "pulumi stack output dns_records",
    "workbench rehearsal.start",
    "workbench rehearsal.status",
    "docker ps --filter label=diy-workbench.rehearsal",
}
# Run by these tests, with what is particular to a person (a name, a key) put in.
RUN_ELSEWHERE = {
    "make up": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "make setup": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "make check": "../../Makefile::test",
    "make test": "../../.ci/run::test",
    "source .venv/bin/activate": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "workbench destroy": "test_life.py::test_destroy_leaves_nothing_but_the_data_volume",
    "workbench rehearsal.stop": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "workbench rehearsal.reset": "test_fresh_clone.py::test_make_up_from_a_fresh_clone",
    "pulumi stack init prod": "test_aws_stack.py::test_a_stack_made_by_hand",
    "pulumi config set aws:region us-east-1": "test_aws_stack.py::test_a_stack_made_by_hand",
    "pulumi up": "test_aws_stack.py::test_a_stack_made_by_hand",
    "pulumi config set workbench:": "test_aws_stack.py::test_a_stack_made_by_hand",
    "pulumi config set --path 'workbench:": "test_aws_stack.py::test_a_stack_made_by_hand",
    ".venv/bin/pytest tests/": "../../Makefile::pytest",
    "docker exec -it workbench-default-i-": "test_documents.py::test_a_machine_can_be_looked_into",
    "python benchmarks/": "test_documents.py::test_a_benchmark_explains_itself",
    "python -m workbench.components.reference": "../unit/components/test_schema.py::test",
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


@pytest.mark.parametrize("file", BENCHMARKS)
def test_a_benchmark_explains_itself(bench: Bench, file: str) -> None:
    assert "usage:" in bench.shell(f"python benchmarks/{file} --help").stdout
