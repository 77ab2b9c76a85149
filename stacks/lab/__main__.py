"""The book's server: one workbench, as the stack's configuration describes it."""

import pulumi

from workbench import Workbench
from workbench import read_configuration
from workbench import read_name

workbench = Workbench(read_name(), read_configuration())

for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
