"""The roles that a request hands to a service, which takes the right to pass them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

import json
from collections.abc import Iterator

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from workbench.rehearsal.iam.request import ApiRequest

# EC2's parameters for an instance profile, by name or ARN.
_PROFILES = ("IamInstanceProfile.Name", "IamInstanceProfile.Arn")


def passed_roles(request: ApiRequest, account: str) -> Iterator[str]:
    """Give the ARNs of the roles in an instance profile, or of AWS Backup's selections."""
    form = request.form
    for parameter in _PROFILES:
        if form.get(parameter):
            yield from _of_profile(form[parameter].rpartition("/")[2], account)
    if form.get("Action") == "AddRoleToInstanceProfile":
        yield f"arn:aws:iam::{account}:role/{form.get('RoleName', '')}"
    if request.method == "PUT" and request.path.rstrip("/").endswith("/selections"):
        selection = _body(request).get("BackupSelection")
        if isinstance(selection, dict) and isinstance(selection.get("IamRoleArn"), str):
            yield selection["IamRoleArn"]


def _of_profile(name: str, account: str) -> Iterator[str]:
    try:
        profile = iam_backends[account]["aws"].get_instance_profile(name)
    except NotFoundException:
        return  # the call itself says so
    yield from (role.arn for role in profile.roles)


def _body(request: ApiRequest) -> dict[str, object]:
    try:
        found = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
