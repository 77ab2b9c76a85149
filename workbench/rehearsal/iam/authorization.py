"""Decide whether AWS would allow a request: who signed it, and what their policies say."""

import datetime
import json
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials
from moto.iam.access_control import AssumedRoleAccessKey
from moto.iam.access_control import CreateAccessKeyFailure
from moto.iam.access_control import create_access_key
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.rehearsal.iam.actions import Need
from workbench.rehearsal.iam.actions import needs
from workbench.rehearsal.iam.passing import passed_roles
from workbench.rehearsal.iam.policies import Context
from workbench.rehearsal.iam.policies import Decision
from workbench.rehearsal.iam.policies import Document
from workbench.rehearsal.iam.policies import UnknownOperatorError
from workbench.rehearsal.iam.policies import evaluate
from workbench.rehearsal.iam.principals import boundary
from workbench.rehearsal.iam.principals import document_of
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import Refusal
from workbench.rehearsal.iam.request import S3_HOST
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.iam.signature import Signature
from workbench.rehearsal.iam.signature import check_signature
from workbench.rehearsal.iam.signature import read_signature

PARTITION = "aws"
DOMAIN = ".amazonaws.com"
# Always allowed, even against a Deny (the STS documentation of GetCallerIdentity).
FREE = {"sts:GetCallerIdentity"}


@dataclass(frozen=True)
class Caller:
    """Who signed a request: ``arn`` of the session or user, and what they may do.

    ``boundaries`` are lists of policies that must each allow an action too (a permissions
    boundary, a session's own policy). ``principals`` names the caller in resources' policies.
    """

    arn: str
    region: str
    service: str
    policies: list[Document]
    boundaries: list[list[Document]]
    principals: Mapping[str, set[str]]
    values: Mapping[str, str]


class Authorizer:
    """Check requests against the IAM and S3 state of moto, for one account."""

    def __init__(self, account_id: str) -> None:
        self._account = account_id

    def authorise(self, request: ApiRequest) -> Caller:
        """Return who signed the request; raise AccessDenied unless AWS would let it pass."""
        signed = read_signature(request)
        if signed is None:
            service = "s3" if S3_HOST.fullmatch(request.host) else request.host.partition(".")[0]
            raise AccessDenied(Refusal.UNSIGNED, "The request is not signed.", service)
        if (signed.service == "s3") != bool(S3_HOST.fullmatch(request.host)):
            # Else one service's rules would be checked, and another's call be made.
            raise AccessDenied(
                Refusal.WRONG_SIGNATURE,
                f"Credential should be scoped to correct service, not {signed.service}.",
                signed.service,
            )
        return self._authorise(request, signed)

    def authorise_here(self, request: ApiRequest) -> None:
        """Raise AccessDenied for what a user of this account may not do from this computer.

        Keys that are nobody's in the account, as the rehearsal's own, may do everything; and
        what came by AWS's own names has been looked at already.
        """
        signed = read_signature(request)
        if signed is None or request.host.endswith(DOMAIN):
            return
        try:
            self._find_key(signed)
        except AccessDenied as denied:
            if denied.refusal is Refusal.UNKNOWN_KEY:
                return
            raise
        self._authorise(request, signed)

    def authorise_signed(self, request: ApiRequest, service: str) -> None:
        """Raise AccessDenied unless a request is signed for a service, and allowed.

        As from this computer; but of the rehearsal's own keys, too, the signature must be right.
        """
        signed = read_signature(request)
        if signed is None or signed.service != service:
            raise AccessDenied(Refusal.UNSIGNED, "Missing Authentication Token", service)
        try:
            self._find_key(signed)
        except AccessDenied as denied:
            if denied.refusal is not Refusal.UNKNOWN_KEY or signed.key_id != ACCESS_KEY:
                raise
            check_signature(request, signed, Credentials(ACCESS_KEY, SECRET_KEY), _now())
            return
        self._authorise(request, signed)

    def _authorise(self, request: ApiRequest, signed: Signature) -> Caller:
        key = self._find_key(signed)
        check_signature(request, signed, key.create_credentials(), _now())
        caller = self._describe(key, signed)
        wanted = needs(request, signed.service, signed.region, self._account)
        wanted += [("iam:PassRole", arn) for arn in passed_roles(request, self._account)]
        if not wanted:
            raise AccessDenied(
                Refusal.DENIED, "The rehearsal doesn't know this action.", signed.service
            )
        try:
            for need in wanted:
                self._check(caller, need, _context(caller, request))
        except UnknownOperatorError as unknown:
            raise AccessDenied(
                Refusal.DENIED,
                f"The rehearsal doesn't know the condition operator {unknown}.",
                signed.service,
            ) from unknown
        return caller

    def allows(self, caller: Caller, action: str, resource: str, request: ApiRequest) -> bool:
        """Whether the caller may do one thing more than the request itself needs."""
        try:
            self._check(caller, (action, resource), _context(caller, request))
        except AccessDenied:
            return False
        return True

    def _find_key(self, signed: Signature) -> Any:
        headers = {"X-Amz-Security-Token": signed.token} if signed.token is not None else {}
        try:
            key = create_access_key(self._account, PARTITION, signed.key_id, headers)
        except CreateAccessKeyFailure as failure:
            wrong_token = failure.reason == "InvalidToken"
            raise AccessDenied(
                Refusal.WRONG_TOKEN if wrong_token else Refusal.UNKNOWN_KEY,
                "The provided token is malformed or otherwise invalid."
                if wrong_token
                else "The security token included in the request is invalid.",
                signed.service,
            ) from failure
        session = self._session(signed.key_id)
        if session is not None and session.expiration.replace(tzinfo=datetime.UTC) <= _now():
            raise AccessDenied(
                Refusal.EXPIRED_TOKEN, "The provided token has expired.", signed.service
            )
        return key

    def _session(self, key_id: str) -> Any:
        return sts_backends[self._account][PARTITION].get_assumed_role_from_access_key(key_id)

    def _describe(self, key: Any, signed: Signature) -> Caller:
        boundaries: list[list[Document]] = []
        principals = {key.arn, self._account, f"arn:{PARTITION}:iam::{self._account}:root"}
        values = {"aws:PrincipalArn": key.arn, "aws:PrincipalType": "User"}
        try:
            policies = [document_of(each) for each in key.collect_policies()]
            if isinstance(key, AssumedRoleAccessKey):
                session = self._session(signed.key_id)
                role = iam_backends[self._account][PARTITION].get_role_by_arn(session.role_arn)
                boundaries = boundary(iam_backends[self._account][PARTITION], role)
                boundaries += [[json.loads(session.policy)]] if session.policy else []
                principals.add(role.arn)
                # The key aws:PrincipalArn holds the role, not the session.
                values = {"aws:PrincipalArn": role.arn, "aws:PrincipalType": "AssumedRole"}
                values["aws:userid"] = session.user_id
        except NotFoundException:
            # The role is gone, and what it allowed with it; its keys live on, as in AWS.
            policies = []
        return Caller(
            key.arn,
            signed.region,
            signed.service,
            policies,
            boundaries,
            {"AWS": principals},
            values,
        )

    def _check(self, caller: Caller, need: Need, context: Context) -> None:
        action, resource = need
        if action in FREE:
            return
        identity = evaluate(caller.policies, action, resource, context)
        of_resource = self._resource_decision(caller, action, resource, context)
        within = all(
            evaluate(each, action, resource, context) is Decision.ALLOW
            for each in caller.boundaries
        )
        denied = Decision.DENY in (identity, of_resource)
        allowed = identity is Decision.ALLOW or of_resource is Decision.ALLOW
        if action == "sts:AssumeRole":
            # Both sides must agree: the caller's policies and the role's trust policy.
            allowed = identity is Decision.ALLOW and of_resource is Decision.ALLOW
        if denied or not allowed or not within:
            raise _denied(caller, action, resource, explicit=denied)

    def _resource_decision(
        self, caller: Caller, action: str, resource: str, context: Context
    ) -> Decision:
        documents = list(self._resource_policies(action, resource))
        decision = evaluate(documents, action, resource, context, caller.principals)
        if decision is not Decision.ALLOW or action == "sts:AssumeRole":
            return decision
        # "root" in a bucket's policy stands for the account: it lets identities' policies
        # decide, which they do anyhow within one account, and allows nothing of its own.
        own = {arn for arn in caller.principals["AWS"] if "/" in arn}
        return evaluate(documents, action, resource, context, {"AWS": own})

    def _resource_policies(self, action: str, resource: str) -> Iterable[Document]:
        if action.startswith("s3:") and resource.startswith("arn:aws:s3:::"):
            name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
            bucket = s3_backends[self._account][PARTITION].buckets.get(name)
            if bucket is not None and bucket.policy:
                yield json.loads(bucket.policy)
        elif action == "sts:AssumeRole":
            try:
                role = iam_backends[self._account][PARTITION].get_role_by_arn(resource)
            except NotFoundException:
                return
            yield json.loads(role.assume_role_policy_document)


def _context(caller: Caller, request: ApiRequest) -> Context:
    now = _now()
    values = {
        **caller.values,
        "aws:CurrentTime": now.isoformat(),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": caller.arn.split(":")[4],
        "aws:RequestedRegion": caller.region,
        # Machines reach AWS's names over TLS only.
        "aws:SecureTransport": "true",
        "aws:SourceIp": request.source_ip,
        "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
    }
    if caller.service == "ec2-instance-connect":
        tunnel = {"maxTunnelDuration": "3600", **request.query}
        values |= {
            f"ec2-instance-connect:{name}": tunnel[name]
            for name in ("remotePort", "privateIpAddress", "maxTunnelDuration")
            if name in tunnel
        }
    if caller.service == "s3":
        names = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
        values |= {key: request.query[name] for name, key in names.items() if name in request.query}
        values |= {
            f"s3:{name.lower()}": value
            for name, value in request.headers
            if name.lower().startswith("x-amz-")
        }
    return Context(values)


def _denied(caller: Caller, action: str, resource: str, *, explicit: bool) -> AccessDenied:
    because = (
        "with an explicit deny"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return AccessDenied(
        Refusal.DENIED,
        f"User: {caller.arn} is not authorized to perform: {action} on resource: "
        f"{resource} {because}",
        caller.service,
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
