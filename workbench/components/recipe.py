"""What the server becomes: the recipe and the settings, in a bucket that only it can read."""

import hashlib
import json
from pathlib import Path
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_key_arn
from workbench.components.component import Component
from workbench.components.component import unprotected
from workbench.components.encryption import encrypt_bucket
from workbench.components.encryption import may_decrypt
from workbench.components.late import checked
from workbench.components.settings_document import RECIPE_PREFIX
from workbench.components.settings_document import settings_document
from workbench.components.stack_tag import stack_tag
from workbench.components.validation import check_name
from workbench.places import cache_dir
from workbench.writing import put_file

SETTINGS_KEY = "settings.json"


class RecipeArgs(TypedDict):
    """The settings to leave for the server, and the server's role."""

    settings: pulumi.Input[dict[str, Any]]
    """The server's settings, which become `settings.json`. Don't put secrets into them."""

    role_name: NotRequired[pulumi.Input[str]]
    """The server's role, which gets the permission to read the recipe and the settings, and nothing
    more. Default: no role gets it; an existing role must already have it."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """The ARN of the KMS key that encrypts recipe and settings. Default: S3's own keys.
    """

    force_destroy: NotRequired[bool]
    """Whether destroying the stack empties the bucket. Default: true, because it holds nothing that
    the stack can't create again."""


class Recipe(Component):
    """A private, versioned, encrypted bucket with the recipe and the settings."""

    bucket: pulumi.Output[str]
    """The bucket's name."""

    recipe_sha256: pulumi.Output[str]
    """The recipe archive's SHA-256, which is part of its name."""

    settings_sha256: pulumi.Output[str]
    """The SHA-256 of `settings.json`."""

    @classmethod
    def check(cls, name: str, args: RecipeArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        check_name(name, "The name of a Recipe", longest=47)
        if (key := args.get("kms_key_id")) is not None:
            checked(check_key_arn, key, "kms_key_id")

    def __init__(
        self, name: str, args: RecipeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Recipe", name, {}, opts)
        key = args.get("kms_key_id")
        bucket = self._create_bucket(name, args.get("force_destroy") is not False, key)
        # Said of each object, too: another key encrypts these again, the bucket's later ones only.
        encryption = None if key is None else "aws:kms"
        digest, path = _packed_recipe(_services_of(args["settings"]))
        recipe = aws.s3.BucketObjectv2(
            f"{name}-recipe",
            bucket=bucket.bucket,
            key=f"{RECIPE_PREFIX}{digest}.tar.gz",
            source=pulumi.FileAsset(str(path)),
            content_type="application/gzip",
            server_side_encryption=encryption,
            kms_key_id=key,
            opts=unprotected(self._after()),
        )
        content = _document(args["settings"], digest)
        aws.s3.BucketObjectv2(
            f"{name}-settings",
            bucket=bucket.bucket,
            key=SETTINGS_KEY,
            content=content,
            content_type="application/json",
            server_side_encryption=encryption,
            kms_key_id=key,
            # The settings name the recipe, so they come after it.
            opts=unprotected(self._after(recipe)),
        )
        role_name = args.get("role_name")
        if role_name is not None:
            self._allow_reading(name, bucket, role_name, key)
        self.bucket = bucket.bucket
        self.recipe_sha256 = pulumi.Output.from_input(digest)
        self.settings_sha256 = content.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
        self.register_outputs(
            {
                "bucket": self.bucket,
                "recipeSha256": self.recipe_sha256,
                "settingsSha256": self.settings_sha256,
            }
        )

    def _create_bucket(
        self, name: str, force_destroy: bool, key: pulumi.Input[str] | None
    ) -> aws.s3.Bucket:
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            force_destroy=force_destroy,
            tags={"Name": name, **stack_tag()},
            opts=pulumi.ResourceOptions(parent=self),
        )
        own = pulumi.ResourceOptions(parent=self)
        # S3 encrypts everything with keys of its own since 2023. Where that is declared, S3 adds to
        # the rule that it blocks SSE-C, which many versions of the plugin want to undo for ever
        # (hashicorp/terraform-provider-aws#47320). So with a key of your own only.
        self._guards: list[pulumi.Resource] = [
            aws.s3.BucketPublicAccessBlock(
                f"{name}-public-access-block",
                bucket=bucket.bucket,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=own,
            ),
            aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=own,
            ),
        ]
        if key is not None:
            self._guards.append(encrypt_bucket(name, bucket.bucket, key, own))
        return bucket

    def _after(self, *others: pulumi.Resource) -> pulumi.ResourceOptions:
        # Nothing is put in before the bucket is private and versioned. The bucket isn't the parent:
        # who depends on this component waits for the component's own children only.
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._guards, *others])

    def _allow_reading(
        self,
        name: str,
        bucket: aws.s3.Bucket,
        role_name: pulumi.Input[str],
        key: pulumi.Input[str] | None,
    ) -> None:
        asking = pulumi.InvokeOptions(parent=self)
        known: list[pulumi.Input[str]] = [bucket.arn]
        if key is not None:
            region = aws.get_region_output(opts=asking).region
            known += [key, region, aws.get_partition_output(opts=asking).dns_suffix]
        aws.iam.RolePolicy(
            f"{name}-read-recipe",
            role=role_name,
            policy=pulumi.Output.all(*known).apply(lambda given: _reading(*given)),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _reading(bucket: str, *key: str) -> str:
    """Return the policy of who may read; ``key`` with its region and the end of AWS's names."""
    reads = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        # By prefix: while a new recipe arrives, a converge may still be reading the one before.
        "Resource": [f"{bucket}/{SETTINGS_KEY}", f"{bucket}/{RECIPE_PREFIX}*"],
    }
    statements = [reads, may_decrypt(*key)] if key else [reads]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _document(settings: pulumi.Input[dict[str, Any]], digest: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(settings).apply(lambda given: settings_document(given, digest))


def _services_of(settings: pulumi.Input[dict[str, Any]]) -> list[str]:
    """Return the services whose packages the recipe has to have."""
    # A program that makes settings of its own of other resources has the workbench's services.
    return list(settings.get("services") or []) if isinstance(settings, dict) else []


def _packed_recipe(services: list[str]) -> tuple[str, Path]:
    """Return the recipe's SHA-256 and its archive, kept in a file as Pulumi wants assets."""
    from workbench.host.pack import pack_recipe

    packed = pack_recipe(services=services)
    path = cache_dir() / "recipes" / f"{packed.sha256}.tar.gz"
    if not path.exists():
        # Several programs may pack at once: each writes its own, the last name wins.
        put_file(path, packed.content)
    return packed.sha256, path
