"""The names under which an instance's Linux sees its volumes.

https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
"""

import re
from collections.abc import Container

# Families before Nitro, where a volume is a Xen block device. Some types of m4, i3 and others are
# exceptions, metal ones above all: no workbench runs on them.
_XEN = re.compile(r"(t[12]|m[1-4]|c[134]|r[34]|i[23]|d2|g[23]|p[23]|x1e?|f1|h1|cc2|cr1|hs1)\.")
_SD = re.compile(r"/dev/(?:sd|xvd)(\w+)")


def is_xen(instance_type: str) -> bool:
    """Say whether volumes are /dev/xvd… (Xen) on this type, rather than /dev/nvme… (Nitro)."""
    return _XEN.match(instance_type) is not None


def node_name(instance_type: str, device: str, taken: Container[str]) -> str:
    """Return the name below /dev of the volume attached as ``device`` (such as /dev/sdf).

    On Nitro they are numbered in the order they come; nvme0n1 is the root volume.
    """
    if is_xen(instance_type):
        match = _SD.fullmatch(device)
        return f"xvd{match[1]}" if match else device.removeprefix("/dev/")
    number = 1
    while f"nvme{number}n1" in taken:
        number += 1
    return f"nvme{number}n1"


def link_name(instance_type: str, volume_id: str) -> str | None:
    """Return the link below /dev by which a volume is found by its id; None where there is none."""
    if is_xen(instance_type):
        return None
    return f"disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
