"""Hand out the credentials of an instance's role, as EC2 does through the metadata address."""

import datetime
import json
import threading
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from workbench.rehearsal.iam.policies import Context
from workbench.rehearsal.iam.policies import Decision
from workbench.rehearsal.iam.policies import evaluate

PARTITION = "aws"
# What EC2 gives: keys for six hours, renewed long before they end (seconds).
KEY_LIFE = 6 * 3600
RENEWED_BEFORE = 3600
TIME = "%Y-%m-%dT%H:%M:%SZ"


class InstanceCredentials:
    """Hand out a role's session credentials to instances, as the metadata address does.

    They are moto's own (AssumeRole), so that what is signed with them is recognised. The
    same keys are given until an hour before they end.
    """

    def __init__(self, account_id: str, region: str) -> None:
        self._account = account_id
        self._region = region
        self._sessions: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def __call__(self, role_name: str, instance_id: str) -> dict[str, str]:
        """Return the credentials document's fields for a role on an instance."""
        try:
            role = iam_backends[self._account][PARTITION].get_role(role_name)
        except NotFoundException:
            return _not_assumable(role_name)
        if not _trusts_ec2(role):
            return _not_assumable(role_name)
        with self._lock:
            session = self._sessions.get((role.id, instance_id))
            if session is None or not self._usable(session):
                session = self._assume(role, instance_id)
                self._sessions[role.id, instance_id] = session
        begun = session.expiration - datetime.timedelta(seconds=KEY_LIFE)
        return {
            "LastUpdated": begun.strftime(TIME),
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "Token": session.session_token,
            "Expiration": session.expiration.strftime(TIME),
        }

    def _assume(self, role: Any, instance_id: str) -> Any:
        sts = sts_backends[self._account][PARTITION]
        # An instance's session is named after it, and shows up so in GetCallerIdentity.
        return sts.assume_role(
            region_name=self._region,
            role_session_name=instance_id,
            role_arn=role.arn,
            policy="",
            duration=KEY_LIFE,
            external_id="",
        )

    def _usable(self, session: Any) -> bool:
        left = session.expiration.replace(tzinfo=datetime.UTC) - _now()
        known = sts_backends[self._account][PARTITION].assumed_roles
        return left.total_seconds() > RENEWED_BEFORE and any(each is session for each in known)


def _trusts_ec2(role: Any) -> bool:
    trust = json.loads(role.assume_role_policy_document or "{}")
    service = {"Service": {"ec2.amazonaws.com"}}
    decision = evaluate([trust], "sts:AssumeRole", role.arn, Context(), service)
    return decision is Decision.ALLOW


def _not_assumable(role_name: str) -> dict[str, str]:
    return {
        "Code": "AssumeRoleUnauthorizedAccess",
        "Message": f"EC2 cannot assume the role {role_name}. Please see documentation at "
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html",
        "LastUpdated": _now().strftime(TIME),
    }


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
