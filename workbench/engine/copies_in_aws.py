"""The copy of a stack's state in the workbench's own bucket."""

from collections.abc import Mapping

from workbench.engine.copies import BUCKET_KEY
from workbench.engine.copies import Copy
from workbench.engine.copies import parse_copy


def put_copy(stack_config: Mapping[str, str], bucket: str, copy: Copy) -> None:
    """Put a copy into a bucket, in place of the one before."""
    from workbench.engine.aws import client

    client(stack_config, "s3").put_object(
        Bucket=bucket, Key=BUCKET_KEY, Body=copy.text.encode(), ContentType="application/json"
    )


def get_copy(stack_config: Mapping[str, str], bucket: str) -> Copy | None:
    """Return the copy in a bucket; None where there is none, or no usable one."""
    from botocore.exceptions import ClientError

    from workbench.engine.aws import client

    try:
        found = client(stack_config, "s3").get_object(Bucket=bucket, Key=BUCKET_KEY)
        return parse_copy(found["Body"].read().decode("utf-8", errors="replace"))
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise
