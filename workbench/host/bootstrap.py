"""The user data: a constant script that installs the unit which fetches and runs the recipe."""

import re
from pathlib import Path

from .contract.values import check_bucket

SCRIPT = Path(__file__).with_name("bootstrap.sh")
# EC2 takes 16 KiB; this stays far below it, because everything that changes is in the bucket.
LARGEST_BYTES = 4096
# It ends up in a shell script: nothing else than AWS's own characters gets in.
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")


def render_bootstrap(bucket: str, region: str) -> str:
    """Return the user data of a server that gets its recipe from this bucket.

    Raises ValueError for a bucket or region that AWS can't have.
    """
    check_bucket(bucket, "bucket")
    if not REGION.fullmatch(region):
        raise ValueError(f"{region!r} is not the name of a region")
    return SCRIPT.read_text(encoding="utf-8").replace("BUCKET REGION", f"{bucket} {region}", 1)
