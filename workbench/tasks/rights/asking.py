"""Ask AWS whether who has signed in may make a workbench, before anything is made."""

from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.components.names import DEFAULT_NAME
from workbench.tasks.rights.policy import Question
from workbench.tasks.rights.policy import questions

PRINT = "workbench init --rights   prints a policy that has all of them"
# As many are named; a caller who may nothing lacks a hundred.
NAMED = 4
_ALLOWED = "allowed"

# A client for a service.
Aws = Callable[[str], Any]


@dataclass(frozen=True)
class Rights:
    """The actions that AWS would refuse; ``unknown`` says why it couldn't be asked."""

    missing: tuple[str, ...] = ()
    unknown: str = ""

    def __str__(self) -> str:
        """Return one sentence on what is missing or unknown; empty where all is well."""
        if self.unknown:
            return f"Couldn't check your permissions for a workbench: {self.unknown}."
        if not self.missing:
            return ""
        named, more = self.missing[:NAMED], len(self.missing) - NAMED
        others = f" and {more} more" if more > 0 else ""
        return (
            f"You lack permissions that workbench up needs: {', '.join(named)}{others}."
            " AWS would refuse these calls halfway, after other things were created."
        )


def ask_rights(
    aws: Aws, region: str, *, name: str = DEFAULT_NAME, without: Iterable[str] = ()
) -> Rights:
    """Ask whether the caller has the rights of the policy, all but some statements'.

    ``name`` is the workbench's. Nothing that AWS answers is an error here.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        identity = aws("sts").get_caller_identity()["Arn"]
        partition, account, who = _parts(identity)
        if who == "root":
            return Rights()
        source = _source(aws, identity)
        if source is None:
            return Rights(unknown=f"AWS tells it of users and roles, and you are {identity}")
        asked = questions(partition, region, account, name=name, without=tuple(without))
        return Rights(tuple(_missing(aws("iam"), source, asked)))
    except ClientError as error:
        return Rights(unknown=_why(error))
    except BotoCoreError as error:
        return Rights(unknown=f"AWS doesn't answer ({type(error).__name__})")


def _parts(arn: str) -> tuple[str, str, str]:
    """Return the partition, the account and the last part of an identity's ARN."""
    _, partition, _, _, account, who = arn.split(":", 5)
    return partition, account, who


def _source(aws: Aws, identity: str) -> str | None:
    """Return the ARN of the user or role whose policies count; None for other identities."""
    from botocore.exceptions import ClientError

    partition, account, who = _parts(identity)
    kind, _, path = who.partition("/")
    if ":iam:" in identity and kind == "user":
        return identity
    if kind != "assumed-role":
        return None
    role = path.partition("/")[0]
    try:
        # Of a role with a path, as those of IAM Identity Center, a session's ARN doesn't tell it.
        return str(aws("iam").get_role(RoleName=role)["Role"]["Arn"])
    except ClientError:
        return f"arn:{partition}:iam::{account}:role/{role}"


def _missing(iam: Any, source: str, asked: list[Question]) -> list[str]:
    paginator = iam.get_paginator("simulate_principal_policy")
    return [
        result["EvalActionName"]
        for question in asked
        for page in paginator.paginate(
            PolicySourceArn=source,
            ActionNames=list(question.actions),
            ResourceArns=[question.resource],
        )
        for result in page["EvaluationResults"]
        if result["EvalDecision"] != _ALLOWED
    ]


def _why(error: Any) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "AccessDenied":
        return "you may not use iam:SimulatePrincipalPolicy on yourself"
    return f"AWS says {code}"
