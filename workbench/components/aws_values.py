"""Checks of values that AWS makes: ids and ARNs. Only their form is known here."""

import re
from collections.abc import Callable
from functools import partial

from workbench.components.errors import ArgumentError
from workbench.components.validation import shown


def _check_form(value: object, what: str, *, form: str, kind: str, hint: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(form, value):
        raise ArgumentError(f"{what} is {shown(value)}, which isn't {kind}.", hint)
    return value


def _form(form: str, kind: str, hint: str) -> Callable[[object, str], str]:
    """Return a check of texts of a form."""
    return partial(_check_form, form=form, kind=kind, hint=hint)


check_image_id = _form(
    r"ami-[0-9a-f]{8,17}",
    "the id of a machine image",
    "Write for example: ami-0123456789abcdef0",
)
check_security_group_id = _form(
    r"sg-[0-9a-f]{8,17}",
    "the id of a security group",
    "List yours with: aws ec2 describe-security-groups",
)
check_instance_connect_id = _form(
    r"eice-[0-9a-f]{8,17}",
    "the id of an EC2 Instance Connect Endpoint",
    "List yours with: aws ec2 describe-instance-connect-endpoints",
)
# An id or an alias wouldn't do: AWS tells the ARN, and every preview would show a change.
check_key_arn = _form(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
    "the ARN of a KMS key",
    "It ends with key/ and the key's id, not with an alias; show it with:\n"
    "  aws kms describe-key --key-id KEY --query KeyMetadata.Arn",
)
check_policy_arn = _form(
    r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\x21-\x7e]+",
    "the ARN of an IAM policy",
    "List yours with: aws iam list-policies --scope Local",
)
check_role_path = _form(
    r"/|/[\x21-\x7e]{1,510}/",
    "an IAM path",
    "It begins and ends with a slash, for example: /team/",
)
check_profile_name = _form(
    r"[\w+=,.@-]{1,128}",
    "the name of an instance profile",
    "Give only its name, not its ARN; list yours with: aws iam list-instance-profiles",
)
check_certificate_arn = _form(
    r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+",
    "the ARN of a certificate in AWS Certificate Manager",
    "List yours with: aws acm list-certificates",
)
check_target_group_arn = _form(
    r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9/-]+",
    "the ARN of a target group",
    "List yours with: aws elbv2 describe-target-groups",
)
