"""A team's workbench in the organization's network: dev, test and prod from one program."""

from typing import cast

import pulumi

from workbench import Workbench
from workbench import WorkbenchArgs
from workbench import read_configuration
from workbench import read_name

config = pulumi.Config()
# The network's stack, as organization/org-network/shared.
network = pulumi.StackReference(config.require("network"))
args = {**read_configuration(), "subnet_id": network.require_output("subnet_id")}
protect = config.get_bool("protect")
workbench = Workbench(
    read_name(), cast(WorkbenchArgs, args), pulumi.ResourceOptions(protect=protect)
)

for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
