"""Passwords are held to one rule, which knows what everyone knows of this workbench."""

import json

from workbench.host.people import passwords
from workbench.host.settings import Settings

SETTINGS = {
    "version": 1,
    "name": "Penguin-lab",
    "domain": "data.example.org",
    "names": ["data.example.org", "www.data.example.org"],
    "administrator": {"name": "ubuntu", "public_keys": []},
    "users": [],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
}


def test_the_workbenchs_own_names_are_known_to_guessers() -> None:
    words = passwords.guessable(Settings.parse(json.dumps(SETTINGS)))
    assert {
        "penguin-lab",
        "penguinlab",
        "penguin",
        "example",
        "data.example.org",
        "workbench",
    } <= set(words)
    # "lab", "org" and "www" are in too many words.
    assert min(map(len, words)) >= 4
