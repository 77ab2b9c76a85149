"""Whether the account may run as many vCPUs as another instance type needs."""

from workbench.remote.instance_types import InstanceType
from workbench.remote.instance_types import UnfitTypeError
from workbench.remote.quotas import vcpu_quota
from workbench.remote.stack_state import StackState


def check_quota(state: StackState, instance_id: str, wanted: InstanceType) -> str:
    """Return a line on the quota; raise where the type would exceed it."""
    quota = vcpu_quota(state.aws, wanted.name, but=instance_id)
    if quota is None:
        return "Whether the account's vCPU quota allows it isn't known: AWS doesn't report it."
    if quota.lacks(wanted.vcpus):
        raise UnfitTypeError(
            f"{wanted.name} has {wanted.vcpus} vCPUs, and the account's quota has room for"
            f" {max(0, quota.limit - quota.used):.0f}: {quota.limit:.0f}, of which others use"
            f" {quota.used}.",
            quota.ask_for(wanted.vcpus, state.config.get("aws:region", "REGION")),
        )
    return f"vCPU quota: {quota.used + wanted.vcpus} of {quota.limit:.0f} in use afterwards."
