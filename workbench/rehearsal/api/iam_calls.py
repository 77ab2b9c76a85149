"""IAM calls that moto doesn't have: what a principal's policies allow, and the rehearsal's user."""

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import InvalidInput
from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import User
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend

from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.rehearsal.iam.policies import Context
from workbench.rehearsal.iam.policies import Decision
from workbench.rehearsal.iam.policies import UnknownOperatorError
from workbench.rehearsal.iam.policies import evaluate
from workbench.rehearsal.iam.principals import policies_of

# The words of SimulatePrincipalPolicy's answer.
_WORDS = {
    Decision.ALLOW: "allowed",
    Decision.DENY: "explicitDeny",
    Decision.NOTHING: "implicitDeny",
}
# The user who can be given the rehearsal's own keys.
USER = "rehearsal"
_create_access_key = User.create_access_key
_get_caller_identity = STSBackend.get_caller_identity


def add_iam_calls() -> None:
    """Put the calls in place."""
    responses: Any = IamResponse
    responses.simulate_principal_policy = _simulate
    users: Any = User
    users.create_access_key = _create_key
    backend: Any = STSBackend
    backend.get_caller_identity = _identify


def _simulate(self: Any) -> ActionResult:
    """Answer SimulatePrincipalPolicy; who asks for whom isn't the question here."""
    arn = self._get_param("PolicySourceArn", "")
    lists = policies_of(iam_backends[self.current_account][self.partition], arn)
    if lists is None:
        raise NoSuchEntity(f"The policy source ARN {arn} is not found.")
    entries = self._get_param("ContextEntries", [])
    context = Context(
        {each["ContextKeyName"]: each["ContextKeyValues"][0] for each in entries}
        | {"aws:PrincipalArn": arn, "aws:username": arn.rpartition("/")[2]}
    )
    found = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": _WORDS[_decide(lists, action, resource, context)],
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action in self._get_param("ActionNames", [])
        for resource in self._get_param("ResourceArns", []) or ["*"]
    ]
    return ActionResult({"EvaluationResults": found, "IsTruncated": False})


def _decide(lists: Any, action: str, resource: str, context: Context) -> Decision:
    """Return what the policies say together: a boundary must allow what they allow."""
    try:
        decisions = [evaluate(each, action, resource, context) for each in lists]
    except UnknownOperatorError as unknown:
        sentence = f"The rehearsal doesn't know the condition operator {unknown}."
        raise InvalidInput(sentence) from unknown
    if Decision.DENY in decisions:
        return Decision.DENY
    return Decision.NOTHING if Decision.NOTHING in decisions else Decision.ALLOW


def _identify(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    """Say whose keys these are: nobody's may do everything, so they are the account's root's."""
    number, arn, account = _get_caller_identity(self, access_key_id, region)
    if not arn.endswith(":user/moto"):
        return number, arn, account
    return account, f"arn:aws:iam::{account}:root", account


def _create_key(self: Any, *args: Any, **options: Any) -> Any:
    """Give the user ``rehearsal`` the keys that all work on a rehearsal is signed with.

    They may do everything; as soon as they are a user's, what this user's policies allow.
    """
    key = _create_access_key(self, *args, **options)
    taken = any(each.access_key_id == ACCESS_KEY for each in self.access_keys)
    if self.name == USER and not taken:
        key.access_key_id, key.secret_access_key = ACCESS_KEY, SECRET_KEY
    return key
