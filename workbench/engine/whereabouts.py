"""Whether AWS, as this computer reaches it, is where a stack is: asked before Pulumi looks."""

from collections.abc import Mapping

from workbench.engine.state import State
from workbench.errors import ConfigError


def refuse_elsewhere(stack: str, state: State, stack_config: Mapping[str, str]) -> None:
    """Raise where credentials or region are others than those the stack was made with.

    Pulumi finds nothing of the stack there, takes all of it for removed, and forgets it. The ARNs
    in its state tell the place, even where all was really removed manually.
    """
    if not state.places:
        return
    from workbench.engine.aws import client
    from workbench.engine.aws import read_region

    regions = sorted({place.region for place in state.places})
    region = read_region(stack_config) or regions[0]
    if region not in regions:
        raise ConfigError(
            f"The stack {stack} is in {' and '.join(regions)}, and Pulumi would look for it in"
            f" {region}: nothing was changed.",
            f"pulumi config set aws:region {regions[0]} --stack {stack}",
        )
    sts = client({"aws:region": region, **stack_config}, "sts")
    account = str(sts.get_caller_identity()["Account"])
    accounts = sorted({place.account for place in state.places})
    if account not in accounts:
        profile = stack_config.get("aws:profile")
        whose = f"of the profile {profile} " if profile else ""
        raise ConfigError(
            f"The stack {stack} is in the AWS account {' and '.join(accounts)}, and the"
            f" credentials {whose}are those of {account}: nothing was changed.",
            f"pulumi config set aws:profile PROFILE --stack {stack}   (or export AWS_PROFILE=…)\n"
            "  aws configure list-profiles   shows the profiles there are",
        )
