"""What would stop a new workbench later, though its configuration is right."""

from workbench.components.names import DEFAULT_NAME
from workbench.errors import WorkbenchError
from workbench.remote.quotas import address_quota
from workbench.remote.quotas import vcpu_quota
from workbench.remote.quotas import vpc_quota
from workbench.tasks.init.answers import Answers
from workbench.tasks.rights.asking import PRINT
from workbench.tasks.rights.asking import ask_rights
from workbench.tasks.rights.policy import DOMAIN
from workbench.tasks.rights.policy import INSTANCE_CONNECT


def find_warnings(answers: Answers, name: str = DEFAULT_NAME) -> list[str]:
    """Return a sentence for each, and what to type; ``name`` is the workbench's."""
    return [
        *_rights(answers, name),
        *_free_plan(answers),
        *_shortages(answers),
        *_records(answers),
        *_private_key(answers),
    ]


def _rights(answers: Answers, name: str) -> list[str]:
    """Return the rights that who has signed in lacks; someone else may be who types `up`."""
    records = answers.domain.zone is not None or answers.domain.create_zone
    without = (*(() if records else (DOMAIN,)), *INSTANCE_CONNECT)
    told = str(ask_rights(answers.account.aws, answers.region, name=name, without=without))
    return [f"{told}\n  {PRINT}"] if told else []


def _free_plan(answers: Answers) -> list[str]:
    """Return whether AWS would refuse the type, after other things that cost were made."""
    account, wanted = answers.account, answers.instance_type
    if wanted.free_tier or not account.is_on_free_plan():
        return []
    free = account.find_free_type()
    others = f" {free} is one:\n  --instance-type {free.name}" if free else ""
    return [
        f"Your account is on AWS's Free plan, which doesn't start a {wanted.name}, but only types"
        f" that are eligible for its Free Tier. Choose one of them, or upgrade the plan.{others}"
    ]


def _shortages(answers: Answers) -> list[str]:
    aws, vcpus = answers.account.aws, answers.instance_type.vcpus
    needed = [
        (vcpu_quota(aws, answers.instance_type.name), vcpus),
        (address_quota(aws), 1),
        (vpc_quota(aws), 1),
    ]
    return [
        f"Your account uses {quota}, and this needs {more} more: AWS would refuse it. Ask for"
        f" more:\n  {quota.ask_for(more, answers.region)}"
        for quota, more in needed
        if quota is not None and quota.lacks(more)
    ]


def _records(answers: Answers) -> list[str]:
    """Return whether the zone has records already that Pulumi would refuse to take over."""
    domain = answers.domain
    if domain.name is None or domain.zone is None:
        return []
    names = (domain.name, f"www.{domain.name}")
    found = [record for name in names for record in answers.account.records(domain.zone, name)]
    if not found:
        return []
    return [
        f"The hosted zone {domain.zone.name} has {' and '.join(found)} already, and Pulumi won't"
        " overwrite it. Remove it, or choose another name:\n"
        f"  aws route53 list-resource-record-sets --hosted-zone-id {domain.zone.id}"
    ]


def _private_key(answers: Answers) -> list[str]:
    from workbench.remote.private_key import find_private_key

    if answers.key.path is not None:
        return []
    try:
        find_private_key(answers.key.text)
    except WorkbenchError as error:
        return [f"workbench up follows the server over SSH, with your private key. {error}"]
    return []
