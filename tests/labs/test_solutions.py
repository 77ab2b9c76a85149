"""Each lab by its own solutions, one after the other, from whatever the last one left."""

import json

import pytest
from lab_world import ROOT
from walkthrough import Shell

from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import read_labs

LABS = read_labs(ROOT / "labs")
LIMIT = 600
# What a lab begins with may have to be installed first.
START_LIMIT = 1200


def stands(reader: Shell, number: int) -> dict[str, str]:
    """Return how each step of a lab stands."""
    _, printed = reader.run(f"workbench labs.check {number} --json 2>/dev/null", LIMIT)
    return {each["step"]: each["result"] for each in json.loads(printed)}


def do(reader: Shell, command: str, exit_code: int = 0, limit: float = LIMIT) -> str:
    code, printed = reader.run(command, limit)
    assert code == exit_code, f"{command}\n{printed}"
    return printed


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.folder.name)
def test_a_step_isnt_done_before_its_solution_and_is_after(reader: Shell, lab: Lab) -> None:
    do(reader, f"workbench labs.start {lab.number} --yes", limit=START_LIMIT)
    for step in lab.steps:
        before = stands(reader, lab.number)
        assert before[step.name] != "PASS", step.name
        solved = do(reader, f"workbench labs.solve {step.name}")
        assert step.solve.strip().splitlines()[0] in solved
    assert set(stands(reader, lab.number).values()) == {"PASS"}
    find_each_fault(reader, lab)

    listed = json.loads(do(reader, "workbench labs --json"))
    [row] = [each for each in listed if each["lab"] == lab.number]
    assert (row["done"], row["helped"]) == (len(lab.steps), len(lab.steps))


def find_each_fault(reader: Shell, lab: Lab) -> None:
    """Break what a game day breaks, see that it shows, repair it, and be told that it's gone."""
    for step in lab.steps:
        for fault in step.faults:
            said = do(reader, f"workbench labs.break {fault.name}")
            assert fault.cause not in said
            assert "FAIL" in do(reader, "workbench labs.fault", exit_code=1), fault.name
            do(reader, "workbench labs.break", exit_code=1)
            assert f"It was: {fault.cause}" in do(reader, "workbench labs.fault --solve")
            do(reader, "workbench labs.fault", exit_code=1)


def test_what_looks_right_on_the_server_isnt(reader: Shell) -> None:
    do(reader, "workbench labs.start 2 --yes --folder ~/do4ds-lab")
    do(reader, "cd ~/do4ds-lab && source lab.env")
    for step in ("known", "mode", "own-key", "account", "authorized", "alias"):
        do(reader, f"workbench labs.solve {step}")
    wrong = {
        "known": "ssh-keygen -q -t ed25519 -N '' -f other && sed -i"
        ' "s|^\\([^ ]*\\) ssh-ed25519 .*|\\1 $(cut -d" " -f1,2 other.pub)|" ~/.ssh/known_hosts',
        "mode": "chmod 644 do4ds-lab-key.pem",
        "account": 'onserver \'echo "test-user ALL=(ALL) NOPASSWD: ALL" |'
        " sudo tee /etc/sudoers.d/lab'",
        "authorized": "onserver 'sudo chmod 755 /home/test-user/.ssh'",
        "alias": "cp do4ds-lab-key.pem key && chmod 600 key && "
        'sed -i "s/User test-user/User $LAB_USER/;s|~/.ssh/id_ed25519|$PWD/key|" ssh.config',
    }
    # What needs the server's first key comes before the mode of that key is spoiled.
    for step in ("account", "authorized", "alias", "known", "mode"):
        assert stands(reader, 2)[step] == "PASS", step
        do(reader, wrong[step])
        assert stands(reader, 2)[step] == "FAIL", step

    do(reader, "workbench labs.reset --yes")
    after = stands(reader, 2)
    assert after.pop("own-key") == "PASS", "a reader's own key is left alone"
    assert "PASS" not in after.values()
    listed = json.loads(do(reader, "workbench labs --json"))
    assert [row["done"] for row in listed if row["lab"] == 2] == [1]


def test_a_step_is_told_as_soon_as_it_is_done(reader: Shell) -> None:
    do(reader, "workbench labs.start 1 --yes")
    do(reader, "workbench labs.check --watch > watched & echo $! > watch.pid")
    do(reader, "workbench labs.solve key")
    do(reader, "timeout 300 bash -c 'until grep -q \"^PASS  key\" watched; do sleep 0.2; done'")
    do(reader, "kill -INT $(cat watch.pid); timeout 300 tail --pid=$(cat watch.pid) -f /dev/null")


def test_all_goes_when_it_is_to(reader: Shell) -> None:
    do(reader, "workbench labs.start 1 --yes")
    do(reader, "workbench labs.solve key")
    shown = do(reader, "workbench labs.start 1 --dry-run")
    assert "key pair key-" in shown
    do(reader, "workbench labs.start 1", exit_code=1)
    assert stands(reader, 1)["key"] == "PASS"
    do(reader, "workbench labs.reset 1 --yes")
    assert stands(reader, 1)["key"] == "FAIL"
