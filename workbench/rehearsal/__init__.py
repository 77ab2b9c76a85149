"""A cloud on this computer: the workbench with no AWS account."""
