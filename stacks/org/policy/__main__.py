"""An organization's policy pack: a workbench's rules, with this organization's settings."""

from pulumi_policy import EnforcementLevel
from pulumi_policy import PolicyPack

from workbench.policy import Settings
from workbench.policy import rules

SETTINGS = Settings(
    production=("prod", "*-prod"),
    tags=("team",),
    monthly_budget=300,
)

PolicyPack("workbench-org", rules(SETTINGS), EnforcementLevel.MANDATORY)
