"""Labs by their own solutions, one after the other, from whatever the last one left."""

import json

import pytest
from solutions import LABS
from solutions import do
from solutions import solve_each_step
from solutions import stands
from walkthrough import Shell

# They take long, and begin by themselves.
WITH_A_FILE = {3, 4}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("number", [lab.number for lab in LABS if lab.number not in WITH_A_FILE])
def test_a_step_isnt_done_before_its_solution_and_is_after(reader: Shell, number: int) -> None:
    solve_each_step(reader, number)


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
