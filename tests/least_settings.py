"""The least that a server's settings have, for tests that add what they are about."""

SETTINGS = {
    "version": 1,
    "name": "lab",
    "domain": None,
    "names": ["lab.test"],
    "administrator": {"name": "ubuntu", "public_keys": []},
    "users": [],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
}
