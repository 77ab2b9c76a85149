"""Scheduled snapshots of a volume: an AWS Backup vault, a plan, and a role."""

from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_key_arn
from workbench.components.component import Component
from workbench.components.late import checked
from workbench.components.role import Role
from workbench.components.role import attach_policies
from workbench.components.role import check_role
from workbench.components.role import create_role
from workbench.components.schedule import DEFAULT_RETENTION_DAYS
from workbench.components.schedule import DEFAULT_SCHEDULE
from workbench.components.schedule import check_retention
from workbench.components.schedule import check_schedule
from workbench.components.validation import check_name

# In minutes; AWS's own default for the start is eight hours.
START_WINDOW, COMPLETION_WINDOW = 60, 24 * 60
# The 50 characters that AWS Backup takes, less the eight that Pulumi puts behind a name.
LONGEST_NAME = 42
_POLICY = "service-role/AWSBackupServiceRolePolicyForBackup"


class BackupArgs(TypedDict):
    """Snapshots of one volume, made by AWS Backup and deleted when they are old."""

    volume_arn: pulumi.Input[str]
    """The ARN of the volume."""

    schedule: NotRequired[pulumi.Input[str]]
    """When to make a snapshot, `cron(...)` in UTC in AWS's format. Default: `cron(0 5 ? * * *)`."""

    retention_days: NotRequired[pulumi.Input[int]]
    """How many days a snapshot is kept, 1 to 3650. Default: 14."""

    keep: NotRequired[bool]
    """Whether vault and snapshots stay in AWS when the stack is destroyed. It takes effect with the
    next `pulumi up`: `pulumi destroy` uses the value of the last `up`. Default: true."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """The ARN of the KMS key for a new vault; an existing one keeps its own. Snapshots of a volume
    use the volume's key. Default: the account's key for AWS Backup."""

    role: NotRequired[Role]
    """How the role for AWS Backup is created: its path, its boundary, further policies. Default:
    with none of these."""


class Backup(Component):
    """An AWS Backup plan that saves snapshots of a volume in its own vault."""

    vault_name: pulumi.Output[str]
    """The vault with the snapshots."""

    plan_id: pulumi.Output[str]
    """The plan."""

    @classmethod
    def check(cls, name: str, args: BackupArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        # All parts have this very name, as their types differ: AWS Backup takes short ones only.
        check_name(name, "The name of a Backup", longest=LONGEST_NAME)
        _timing(args)
        if (key := args.get("kms_key_id")) is not None:
            checked(check_key_arn, key, "kms_key_id")
        if (role := args.get("role")) is not None:
            check_role(role, "role")

    def __init__(
        self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Backup", name, {}, opts)
        keep = args.get("keep") is not False
        vault = aws.backup.Vault(
            name,
            # A vault with snapshots in it can't be deleted: it stays with them, or goes with them.
            force_destroy=not keep,
            kms_key_arn=args.get("kms_key_id"),
            # A vault has its key for life: for another one it would go, and the snapshots with it.
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=keep, ignore_changes=["kmsKeyArn"]
            ),
        )
        plan = aws.backup.Plan(
            name, rules=[_rule(vault, args)], opts=pulumi.ResourceOptions(parent=self)
        )
        role, allowed = self._create_role(name, args.get("role"), keep=keep)
        aws.backup.Selection(
            name,
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[args["volume_arn"]],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        self.vault_name = vault.name
        self.plan_id = plan.id
        self.register_outputs({"vaultName": self.vault_name, "planId": self.plan_id})

    def _create_role(
        self, name: str, asked: Role | None, *, keep: bool
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
        """Create the role by which AWS Backup makes snapshots, and deletes them in time.

        Without it, those that were kept would never be deleted: so it stays with them.
        docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
        """
        own = pulumi.ResourceOptions(parent=self, retain_on_delete=keep)
        partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=self)).partition
        # The same in every partition.
        role = create_role(name, "backup.amazonaws.com", asked, own)
        attach_policies(name, role, asked, own)
        policy = pulumi.Output.format("arn:{0}:iam::aws:policy/" + _POLICY, partition)
        return role, aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy, opts=own)


def _rule(vault: aws.backup.Vault, args: BackupArgs) -> aws.backup.PlanRuleArgsDict:
    schedule, days = _timing(args)
    return {
        "rule_name": "scheduled",
        "target_vault_name": vault.name,
        "schedule": schedule,
        "start_window": START_WINDOW,
        "completion_window": COMPLETION_WINDOW,
        "lifecycle": {"delete_after": days},
    }


def _timing(args: BackupArgs) -> tuple[pulumi.Input[str], pulumi.Input[int]]:
    """Return when snapshots are made, and for how many days they are kept."""
    schedule, days = args.get("schedule"), args.get("retention_days")
    return (
        checked(check_schedule, schedule or DEFAULT_SCHEDULE, "schedule"),
        checked(
            check_retention, DEFAULT_RETENTION_DAYS if days is None else days, "retention_days"
        ),
    )
