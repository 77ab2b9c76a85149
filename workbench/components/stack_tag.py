"""The tag by which the tasks find in AWS what belongs to a stack, also where its state is lost."""

import pulumi

STACK_TAG = "workbench:stack"


def stack_tag() -> dict[str, str]:
    """Return the tag of the stack that this program is run for: ``project/stack``."""
    return {STACK_TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
