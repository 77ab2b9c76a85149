"""What the instance's metadata says (IMDSv2)."""

import urllib.request

METADATA = "http://169.254.169.254/latest"
TIMEOUT = 5.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def public_address() -> str | None:
    """Return the public IPv4 address that the instance has now; None where it has none."""
    return _or_empty("meta-data/public-ipv4").strip() or None


def private_address() -> str:
    """Return the IPv4 address that the instance has in its VPC; raise OSError as ``metadata``."""
    return metadata("meta-data/local-ipv4").strip()


def first_boot_key() -> str:
    """Return the key pair's public key; empty where there is none."""
    return _or_empty("meta-data/public-keys/0/openssh-key").strip()


def _or_empty(path: str) -> str:
    try:
        return metadata(path)
    except OSError:
        return ""


def metadata(path: str) -> str:
    """Return one value of the metadata; raise OSError when it can't be had."""
    headers = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = _read("PUT", "api/token", headers)
    return _read("GET", path, {"X-aws-ec2-metadata-token": token})


def _read(method: str, path: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(f"{METADATA}/{path}", method=method, headers=headers)  # noqa: S310
    with _direct.open(request, timeout=TIMEOUT) as response:
        return str(response.read().decode())
