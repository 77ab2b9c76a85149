"""The rights that are listed are what AWS takes, what the docs show, and what is asked about."""

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError

import workbench
from workbench.tasks.rights import policy
from workbench.tasks.rights.asking import ask_rights
from workbench.tasks.rights.policy import questions
from workbench.tasks.rights.policy import read_policy

DOCUMENT = Path(__file__).parents[3] / "docs" / "rights.md"
USER = "arn:aws:iam::123456789012:user/ada"
SESSION = "arn:aws:sts::123456789012:assumed-role/Power/ada"


def test_the_document_shows_the_policy_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    policy.print_policy()
    (shown,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert shown == capsys.readouterr().out
    assert json.loads(shown) == read_policy()


def test_iam_takes_it_as_a_managed_policy() -> None:
    # 6,144 characters, without white space: IAM's quota.
    assert len(json.dumps(read_policy(), separators=(",", ":"))) <= 6144
    statements = read_policy()["Statement"]
    assert all(each["Sid"].isalnum() and each["Effect"] == "Allow" for each in statements)
    assert all(each["Action"] == sorted(set(each["Action"])) for each in statements)


def test_what_is_made_in_iam_and_s3_has_the_workbenchs_name() -> None:
    wide = [
        each["Sid"]
        for each in read_policy(name="lab")["Statement"]
        if any(action.startswith(("iam:Create", "iam:Put", "s3:")) for action in each["Action"])
        and "lab-" not in each["Resource"]
        and "Condition" not in each
    ]
    assert wide == []


def test_every_pattern_is_asked_about_by_whole_names() -> None:
    asked = questions("aws", "eu-west-1", "123456789012")
    actions = [action for each in asked for action in each.actions]
    assert not [action for action in actions if "*" in action]
    assert {"ec2:RunInstances", "iam:PassRole", "s3:CreateBucket", "ssm:GetParameter"} <= {*actions}
    assert "pricing:GetProducts" not in actions
    resources = {each.resource for each in asked}
    assert not [each for each in resources - {"*"} if "*" in each]
    assert "arn:aws:ssm:eu-west-1::parameter/aws/service/example" in resources
    assert "arn:aws:iam::123456789012:role/do4ds-lab-example" in resources
    china = questions("aws-cn", "cn-north-1", "1", name="lab", without=("Domain",))
    assert "arn:aws-cn:s3:::lab-example" in {each.resource for each in china}
    assert "route53:CreateHostedZone" not in {one for each in china for one in each.actions}


class Caller:
    """AWS, for someone; ``refused`` are the actions that the simulation finds to be refused."""

    def __init__(self, identity: str, refused: set[str] | Exception = frozenset()) -> None:  # type: ignore[assignment]
        self.identity, self.refused = identity, refused
        self.sources: set[str] = set()

    def __call__(self, service: str) -> "Caller":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.identity}

    def get_role(self, RoleName: str) -> dict[str, Any]:
        path = "aws-reserved/sso.amazonaws.com/"
        return {"Role": {"Arn": f"arn:aws:iam::123456789012:role/{path}{RoleName}"}}

    def get_paginator(self, name: str) -> "Caller":
        assert name == "simulate_principal_policy"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        if isinstance(self.refused, Exception):
            raise self.refused
        self.sources.add(asked["PolicySourceArn"])
        return [
            {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalDecision": "implicitDeny" if action in self.refused else "allowed",
                    }
                ]
            }
            for action in asked["ActionNames"]
        ]


def test_a_session_is_asked_about_as_its_role() -> None:
    caller = Caller(SESSION)
    assert str(ask_rights(caller, "eu-west-1")) == ""
    assert caller.sources == {"arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Power"}


def test_what_is_missing_is_named_in_one_sentence() -> None:
    one = str(ask_rights(Caller(USER, {"iam:CreateRole"}), "eu-west-1"))
    assert one.startswith("You lack permissions that workbench up needs: iam:CreateRole. AWS would")
    everything = {action for each in questions("aws", "eu-west-1", "1") for action in each.actions}
    many = str(ask_rights(Caller(USER, everything), "eu-west-1"))
    assert f"and {len(everything) - 4} more. AWS would" in many


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        (Caller("arn:aws:iam::123456789012:root"), ""),
        (Caller("arn:aws:sts::123456789012:federated-user/ada"), "you are arn:aws:sts::123456789"),
        (
            Caller(USER, ClientError({"Error": {"Code": "AccessDenied"}}, "Simulate")),
            "you may not use iam:SimulatePrincipalPolicy",
        ),
        (Caller(USER, EndpointConnectionError(endpoint_url="https://iam")), "AWS doesn't answer"),
    ],
    ids=["root", "federated", "denied", "silent"],
)
def test_what_cannot_be_asked_is_said_and_no_error(caller: Caller, said: str) -> None:
    told = str(ask_rights(caller, "eu-west-1"))
    assert said in told
    assert bool(told) == bool(said)
    assert not ask_rights(caller, "eu-west-1").missing


# By boto3's names: the prefix of the actions in a policy.
SERVICES = {
    "backup": "backup",
    "ec2": "ec2",
    "freetier": "freetier",
    "iam": "iam",
    "pricing": "pricing",
    "resourcegroupstaggingapi": "tag",
    "route53": "route53",
    "service-quotas": "servicequotas",
    "ssm": "ssm",
    "sts": "sts",
}
# Allowed to everyone.
FREE = {"get_caller_identity"}
# What the rehearsal's plugin can do for other programs, and a workbench is none of: policies of
# their own, permissions boundaries, private hosted zones.
OTHERS = re.compile(r"\w+_policy(_version)?|\w+_permissions_boundary|(dis)?associate_vpc_\w+")


def test_every_call_in_the_code_is_in_the_policy() -> None:
    session = botocore.session.get_session()
    actions: dict[str, set[str]] = {}
    for service, prefix in SERVICES.items():
        for name in session.get_service_model(service).operation_names:
            actions.setdefault(xform_name(name), set()).add(f"{prefix}:{name}")
    allowed = [action for each in read_policy()["Statement"] for action in each["Action"]]
    called = {name for name in names_in_code() if name in actions}
    assert {"run_instances", "create_snapshot", "get_service_quota", "get_resources"} <= called
    missing = {
        name
        for name in called
        if not any(fnmatchcase(one, each) for one in actions[name] for each in allowed)
    }
    assert {name for name in missing if not OTHERS.fullmatch(name)} == FREE


def names_in_code() -> Iterator[str]:
    """Give all that is called on anything, and all words, as ``get_paginator`` takes them."""
    package = Path(workbench.__file__).parent
    for folder in ("tasks", "remote", "checks", "engine", "rehearsal/provider"):
        for file in (package / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute):
                    yield node.attr
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
