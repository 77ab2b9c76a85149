"""An organization's own KMS key: where it must be, and what the server may do with it."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_key_arn
from workbench.components.errors import ArgumentError


def key_here(key: pulumi.Input[str] | None, region: pulumi.Input[str]) -> pulumi.Output[str] | None:
    """Return a key once it is known to be in the region; raise ArgumentError else.

    EBS takes a key that it can't use, and the volume is gone a moment later, without a word.
    """
    return None if key is None else pulumi.Output.all(key, region).apply(_in_region)


def _in_region(both: Sequence[str]) -> str:
    key, region = check_key_arn(both[0], "kms_key_id"), both[1]
    if key.split(":")[3] != region:
        raise ArgumentError(
            f"The KMS key {key} is in another region than the workbench, which is in {region}.",
            "Give a key of that region; a multi-Region key has a replica there.",
        )
    return key


def encrypt_bucket(
    name: str,
    bucket: pulumi.Input[str],
    key: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Have a bucket encrypt with a key what is put into it."""
    return aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key,
                },
                "bucket_key_enabled": True,
                # S3 adds it by itself, and a preview would want to undo it
                # (hashicorp/terraform-provider-aws#47320).
                "blocked_encryption_types": ["SSE-C"],
            }
        ],
        opts=opts,
    )


def may_decrypt(key: str, region: str, suffix: str) -> Mapping[str, Any]:
    """Return the statement of a policy by which S3 decrypts for who may read an object."""
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.{suffix}"}},
    }
