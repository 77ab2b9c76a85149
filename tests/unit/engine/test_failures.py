"""The engine's own words, made into sentences."""

import os
import socket
import subprocess

import pytest

from workbench.engine.events import Diagnostic
from workbench.engine.events import plain_text
from workbench.engine.failures import StackMissingError
from workbench.engine.failures import explain
from workbench.engine.locks import lock_holders
from workbench.engine.locks import locked_error
from workbench.engine.state import Resource

SERVER = Resource("aws:ec2/instance:Instance", "lab-server")

TRACEBACK = """\
Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/project/stacks/lab/__main__.py", line 7, in <module>
    go()
  File "/project/stacks/lab/parts.py", line 3, in go
    {}["x"]
KeyError: 'x'
"""


def said(*errors, stderr=""):
    return explain("prod", errors, stderr, "up", "Details: LOG").message


def test_a_resources_error_has_its_type_and_name():
    assert said(Diagnostic("no room", SERVER)) == "Instance lab-server: no room"


def test_the_aws_providers_list_of_one_is_a_sentence():
    message = "1 error occurred:\n\t* creating EC2 Instance: InvalidParameterValue: bad"
    assert said(Diagnostic(message, SERVER)) == (
        "Instance lab-server: creating EC2 Instance: InvalidParameterValue: bad"
    )


def test_the_engines_echo_is_left_out():
    assert said(Diagnostic("The domain is bad.", None), Diagnostic("update failed", None)) == (
        "The domain is bad."
    )


def test_the_same_error_is_said_once_and_many_are_counted():
    errors = [Diagnostic(f"bad {number % 5}", None) for number in range(10)]
    assert said(*errors) == "bad 0\nbad 1\nbad 2\n(and 2 more)"


def test_an_exception_is_its_last_line_and_where_it_came_from():
    assert said(Diagnostic(TRACEBACK, None)) == (
        "The program stopped with KeyError: 'x' (/project/stacks/lab/__main__.py, line 7)"
    )


def test_an_error_before_any_event_is_taken_from_standard_error():
    assert said(stderr="warning: x\nerror: could not open bucket\n") == "could not open bucket"
    assert said(stderr="panic\n") == "panic"
    assert "gave no reason" in said()


@pytest.mark.parametrize(
    ("stderr", "told", "hint"),
    [
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "where to keep the stack's state",
            "pulumi login",
        ),
        ("error: incorrect passphrase", "passphrase doesn't fit", "PULUMI_CONFIG_PASSPHRASE"),
        ("error: passphrase must be set with X", "none is set", "PULUMI_CONFIG_PASSPHRASE"),
        ("error: no Pulumi.yaml project file found", "no Pulumi.yaml", "folder"),
        (
            "error: failed to save snapshot: no space left on device",
            "disk is full",
            "Free up space",
        ),
    ],
)
def test_what_a_person_can_put_right_has_a_hint(stderr, told, hint):
    error = explain("prod", [], stderr, "up", "")
    assert told in error.message
    assert hint in error.hint


def test_a_type_that_the_free_plan_refuses_is_said_with_one_that_it_starts():
    refusal = (
        "creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode:"
        " 400, api error InvalidParameterCombination: The specified instance type is not eligible"
        " for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with"
        " the filter 'free-tier-eligible=true'."
    )
    error = explain("prod", [Diagnostic(refusal, SERVER)], "", "up", "")
    assert "AWS's Free plan, which doesn't start instances of this type" in error.message
    first, second = error.hint.splitlines()
    assert first.startswith("workbench init --stack prod --instance-type m7i-flex.large ")
    assert "free-tier-eligible,Values=true" in second


def test_colours_are_taken_out():
    assert plain_text("<{%fg 1%}>error: <{%reset%}>bad\n") == "error: bad"


def lock_message(host, pid):
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es)"
        " to end or delete the lock file with `pulumi cancel`.\n"
        f"  file:///s/x.json: created by ana@{host} (pid {pid}) at 2026-05-04T10:00:00Z"
    )


def test_a_lock_of_this_computer_is_gone_with_its_process():
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    [gone] = lock_holders(lock_message(socket.gethostname(), ended.pid))
    [here] = lock_holders(lock_message(socket.gethostname(), os.getpid()))
    [elsewhere] = lock_holders(lock_message("another", ended.pid))
    assert gone.is_gone
    assert not here.is_gone
    assert not elsewhere.is_gone


def test_a_lock_names_its_holder_and_the_way_out():
    error = locked_error("dev", lock_holders(lock_message("laptop", 7)))
    assert "process 7 on laptop since 2026-05-04T10:00:00Z" in error.message
    assert "pulumi cancel dev" in error.hint


@pytest.mark.parametrize(
    ("stack", "command"),
    [("prod", "workbench init --stack prod"), ("rehearsal-x", "workbench up --stack rehearsal-x")],
)
def test_a_stack_that_is_not_there_is_made_by_a_task_of_its_kind(stack, command):
    assert StackMissingError.named(stack).hint == command


def test_what_the_rehearsals_provider_says_to_type_is_about_that_rehearsal():
    silent = Diagnostic("It does not answer. Start it: workbench rehearsal.start", SERVER)
    assert explain("rehearsal-x", [silent], "", "up", "").message.endswith("start --name x")
    assert explain("rehearsal", [silent], "", "up", "").message.endswith("rehearsal.start")
